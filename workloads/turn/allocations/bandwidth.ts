/** Token buckets for what is relayed: of one allocation, and of all together. */
import { TokenBucket } from '../../kit/limits/token-bucket.ts'

/** Bytes in each direction. */
export type Bandwidth = { toPeers: TokenBucket; toClient: TokenBucket }

/** The longest datagram; a smaller burst would never let it pass. */
const maxDatagram = 65_535

/** `rate` bytes a second with a burst of a second; null without a limit. `now` monotonic milliseconds. */
export const bandwidthOf = (rate: number | null, now: number): Bandwidth | null => {
  if (rate === null) return null
  const bucket = () => new TokenBucket(rate, Math.max(rate, maxDatagram), now)
  return { toPeers: bucket(), toClient: bucket() }
}
