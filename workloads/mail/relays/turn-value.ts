/**
 * The value of `/shared/vendor/deltachat/turn`: `host:port:expiry:password`. Delta Chat splits at the first three colons,
 * takes the expiry as TURN user name and asks anew 12 hours before it ends.
 */
import { createHmac } from 'node:crypto'
import { turnCredential } from '../../contract/credential.ts'
import { type Keyring, signingKey } from '../../contract/keyring.ts'
import type { TurnEndpoint } from '../../contract/relays.ts'

/** At most this part of the validity is taken off again, by account. */
const jitterShare = 0.1

/**
 * A host that never resolves (RFC 6761 §6.4). Without a well-formed value the client falls back to public servers of
 * third parties; a server whose name does not resolve it silently leaves out.
 */
const offHost = 'turn-off.invalid'

/** Seconds that are taken off an account's validity, so that two accounts rarely share a user name. */
const jitter = (secret: string, accountId: number, ttl: number): number =>
  createHmac('sha256', secret).update(`jitter:${accountId}`).digest().readUInt32BE(0) %
  Math.max(1, Math.floor(ttl * jitterShare))

/** `nowSeconds` and `ttl` in whole seconds. */
export const turnValue = (
  endpoint: TurnEndpoint,
  ring: Keyring,
  accountId: number,
  ttl: number,
  nowSeconds: number,
): string => {
  const { secret } = signingKey(ring)
  const { username, password } = turnCredential(secret, nowSeconds + ttl - jitter(secret, accountId, ttl))
  return `${endpoint.host}:${endpoint.port}:${username}:${password}`
}

/** What to say when there is no TURN server to offer: calls stay direct, no third party is asked. */
export const turnOffValue = (ttl: number, nowSeconds: number): string => `${offHost}:3478:${nowSeconds + ttl}:off`
