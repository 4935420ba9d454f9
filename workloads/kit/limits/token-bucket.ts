/** Token buckets: one, and one for each source of a bounded set. Times are monotonic milliseconds. */
import { sourceOf } from './source.ts'

/** Refills at `rate` a second up to `burst`. */
export class TokenBucket {
  #rate: number
  #burst: number
  #tokens: number
  #filled: number

  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate
    this.#burst = burst
    this.#tokens = burst
    this.#filled = now
  }

  /** Takes `cost` tokens if there are as many. */
  take(cost: number, now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filled) * this.#rate) / 1000)
    this.#filled = now
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }
}

/** `rate` a second and `burst` at once, of each of at most `sources`. */
export type SourceLimits = { rate: number; burst: number; sources: number }

/** One bucket for each source; when there are too many the one that was used longest ago goes, which is the fullest. */
export class SourceBuckets {
  #limits: SourceLimits
  #buckets = new Map<string, TokenBucket>()

  constructor(limits: SourceLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#buckets.size
  }

  /** Takes one token of the source that the address belongs to. */
  take(address: string, now: number): boolean {
    const source = sourceOf(address)
    const bucket = this.#buckets.get(source) ?? new TokenBucket(this.#limits.rate, this.#limits.burst, now)
    this.#buckets.delete(source)
    this.#buckets.set(source, bucket)
    if (this.#buckets.size > this.#limits.sources) this.#buckets.delete(this.#buckets.keys().next().value!)
    return bucket.take(1, now)
  }
}
