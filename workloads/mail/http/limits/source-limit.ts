/**
 * A token bucket per source (an IPv4 /32 or an IPv6 /64) for requests that cost something. Kept in memory only, bounded:
 * when the table is full, the bucket that was used longest ago goes, which is the fullest one.
 */
import { isIPv6 } from 'node:net'

export type SourceLimitOptions = {
  burst: number
  /** Tokens that come back each second. */
  perSecond: number
  maxSources: number
  /** Monotonic milliseconds. */
  now: () => number
}

type Bucket = { tokens: number; at: number }

/** The /64 of an IPv6 address, with `::` written out; IPv4, mapped or not, as it is. */
export const sourceOf = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::') as [string, string?]
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}

export class SourceLimit {
  #options: SourceLimitOptions
  #buckets = new Map<string, Bucket>()

  constructor(options: SourceLimitOptions) {
    this.#options = options
  }

  /** Takes one token of the source; false when it has none. */
  take(address: string): boolean {
    const { burst, perSecond, maxSources, now } = this.#options
    const source = sourceOf(address)
    const at = now()
    const bucket = this.#buckets.get(source) ?? { tokens: burst, at }
    const tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1000) * perSecond)
    this.#buckets.delete(source)
    this.#buckets.set(source, { tokens: tokens >= 1 ? tokens - 1 : tokens, at })
    if (this.#buckets.size > maxSources) this.#buckets.delete(this.#buckets.keys().next().value!)
    return tokens >= 1
  }
}
