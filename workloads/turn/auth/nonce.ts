/**
 * Nonces without state (RFC 8489 §9.2): the time of issue and an HMAC over it and the client's transport address, under
 * a key that lives as long as the process. So a nonce is worth nothing on another 5-tuple and nothing after an hour.
 *
 *   nonce = base64url( seconds(32) hmac(64) ), 16 characters
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** How long a nonce is good, seconds: clients of long calls meet a 438 once an hour. */
const nonceLifetime = 3600
const macLength = 8
const nonceText = /^[A-Za-z0-9_-]{16}$/

export type ClientAddress = { address: string; port: number }

export class Nonces {
  #key: Uint8Array
  #now: () => number

  /** `key` is 32 random bytes; `now` monotonic seconds. */
  constructor(key: Uint8Array, now: () => number) {
    this.#key = key
    this.#now = now
  }

  issue(client: ClientAddress): string {
    const time = Buffer.alloc(4)
    time.writeUInt32BE(Math.trunc(this.#now()))
    return Buffer.concat([time, this.#mac(time, client)]).toString('base64url')
  }

  /** False for another client's, an expired or a made-up nonce. */
  holds(nonce: string, client: ClientAddress): boolean {
    if (!nonceText.test(nonce)) return false
    const bytes = Buffer.from(nonce, 'base64url')
    const time = bytes.subarray(0, 4)
    if (!timingSafeEqual(this.#mac(time, client), bytes.subarray(4))) return false
    return this.#now() - time.readUInt32BE() <= nonceLifetime
  }

  #mac(time: Uint8Array, { address, port }: ClientAddress): Uint8Array {
    return createHmac('sha256', this.#key).update(time).update(`${port} ${address}`).digest().subarray(0, macLength)
  }
}
