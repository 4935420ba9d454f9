/**
 * Remembers which password was verified for an account, so that a thousand clients that reconnect at once cost a
 * thousand HMACs. Holds no password: an HMAC under a key that exists in this process alone.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export type VerifiedLimits = {
  /** Accounts remembered; the one not used for longest goes first. */
  entries: number
  /** Milliseconds from the verification. */
  lifetime: number
}

type Entry = { mac: Buffer; expires: number }

export class Verified {
  #key: Buffer
  #limits: VerifiedLimits
  #now: () => number
  /** By verifier: unique to account and password, and a changed password has another. In order of use. */
  #entries = new Map<string, Entry>()

  /** `key` is 32 random octets; `now` in milliseconds. */
  constructor(key: Buffer, limits: VerifiedLimits, now: () => number) {
    this.#key = key
    this.#limits = limits
    this.#now = now
  }

  has(verifier: string, password: string): boolean {
    const entry = this.#entries.get(verifier)
    if (!entry) return false
    this.#entries.delete(verifier)
    if (entry.expires <= this.#now()) return false
    this.#entries.set(verifier, entry)
    return timingSafeEqual(entry.mac, this.#mac(password))
  }

  add(verifier: string, password: string): void {
    this.#entries.delete(verifier)
    this.#entries.set(verifier, { mac: this.#mac(password), expires: this.#now() + this.#limits.lifetime })
    if (this.#entries.size > this.#limits.entries) this.#entries.delete(this.#entries.keys().next().value!)
  }

  get size(): number {
    return this.#entries.size
  }

  #mac(password: string): Buffer {
    return createHmac('sha256', this.#key).update(password).digest()
  }
}
