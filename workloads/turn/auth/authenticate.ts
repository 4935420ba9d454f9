/**
 * The long-term credential mechanism (RFC 8489 §9.2.4). The nonce is looked at before the credential, so that nobody who
 * cannot receive at the address that a request claims makes the server compute one.
 */
import type { Keyring } from '../../contract/keyring.ts'
import { attributes } from '../stun/attributes.ts'
import { type ErrorCode, errorCodes } from '../stun/error-codes.ts'
import { integrityHolds } from '../stun/integrity.ts'
import type { Message } from '../stun/message.ts'
import { candidates, type Identity } from './credentials.ts'
import type { ClientAddress, Nonces } from './nonce.ts'

/** `challenge`: the answer carries REALM and a fresh NONCE. */
export type Refusal = { error: ErrorCode; challenge: boolean }
export type AuthenticationResult = { identity: Identity } | Refusal

export type AuthenticatorOptions = {
  realm: string
  /** The ring in force now. */
  keyring: () => Keyring
  nonces: Nonces
  /** Unix seconds. */
  now: () => number
}

const unauthenticated: Refusal = { error: errorCodes.unauthenticated, challenge: true }
const incomplete: Refusal = { error: errorCodes.badRequest, challenge: false }
const stale: Refusal = { error: errorCodes.staleNonce, challenge: true }

export class Authenticator {
  readonly realm: string
  #options: AuthenticatorOptions

  constructor(options: AuthenticatorOptions) {
    this.realm = options.realm
    this.#options = options
  }

  /** A nonce for a challenge to `client`. */
  nonce(client: ClientAddress): string {
    return this.#options.nonces.issue(client)
  }

  /**
   * Who made the request. `bound` is the identity of the client's live allocation: its key keeps counting after the
   * ring has dropped it and after the credential has expired, so that neither ends a running call.
   */
  authenticate(message: Message, client: ClientAddress, bound?: Identity): AuthenticationResult {
    if (message.integrityAt < 0) return unauthenticated
    const username = message.attributes.get(attributes.username)?.toString()
    const realm = message.attributes.get(attributes.realm)?.toString()
    const nonce = message.attributes.get(attributes.nonce)?.toString()
    if (username === undefined || realm === undefined || nonce === undefined) return incomplete
    if (!this.#options.nonces.holds(nonce, client)) return stale
    if (realm !== this.realm) return unauthenticated
    const identity = this.#identify(message, username, bound)
    return identity ? { identity } : unauthenticated
  }

  #identify(message: Message, username: string, bound: Identity | undefined): Identity | undefined {
    if (bound?.username === username && integrityHolds(message, bound.key)) return bound
    const { keyring, now } = this.#options
    return candidates(keyring(), this.realm, username, now()).find(({ key }) => integrityHolds(message, key))
  }
}
