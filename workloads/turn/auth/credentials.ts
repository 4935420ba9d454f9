/**
 * TURN REST credentials (draft-uberti-behave-turn-rest-00 §2.2) under a key ring: the user name says when it ends, and
 * each key of the ring gives a long-term key to try.
 */
import { longTermKey, turnPassword } from '../../contract/credential.ts'
import type { Keyring } from '../../contract/keyring.ts'

/** Who made a request: the user name, the ring's key that verified it, and the long-term key of 16 bytes. */
export type Identity = { username: string; keyId: string; key: Buffer }

/** `expiry` or `expiry:anything`. */
const restUsername = /^(\d{1,12})(?::|$)/
/** RFC 8489 §14.3: fewer than 509 bytes. */
const maxUsername = 508

/** Unix seconds at which a user name ends; null when it is none of ours. */
const expiryOf = (username: string): number | null => {
  if (username.length > maxUsername) return null
  const expiry = restUsername.exec(username)?.[1]
  return expiry === undefined ? null : Number(expiry)
}

/** One identity for each key of the ring; none for an expired or malformed user name. `now` is Unix seconds. */
export const candidates = (ring: Keyring, realm: string, username: string, now: number): Identity[] => {
  const expiry = expiryOf(username)
  if (expiry === null || expiry <= now) return []
  return ring.keys.map(({ id, secret }) => ({
    username,
    keyId: id,
    key: longTermKey(username, realm, turnPassword(secret, username)),
  }))
}
