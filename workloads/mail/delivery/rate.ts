/**
 * How fast a sender may send: the generic cell rate algorithm (ITU-T I.371 annex A). One number is kept per sender, the
 * time at which all its mail so far would have been due, and forgotten once it has passed.
 */

export type RateLimits = {
  /** Messages a minute in the long run. */
  sendPerMinute: number
  /** Messages at once. */
  sendBurst: number
}

/** Takes one message of the sender at `now` (milliseconds, monotonic); false where it comes too early. */
export type Rate = (sender: number, now: number) => boolean

/** Below this many senders nothing is swept out. */
const minSweep = 1024

/** A rate limiter; its memory is that of the senders of the last `sendBurst / sendPerMinute` minutes. */
export const createRate = ({ sendPerMinute, sendBurst }: RateLimits): Rate => {
  const interval = 60_000 / sendPerMinute
  const tolerance = interval * (sendBurst - 1)
  const due = new Map<number, number>()
  let sweepAt = minSweep

  const sweep = (now: number): void => {
    for (const [sender, time] of due) if (time <= now) due.delete(sender)
    sweepAt = Math.max(minSweep, due.size * 2)
  }

  return (sender, now) => {
    const time = Math.max(due.get(sender) ?? now, now)
    if (time - now > tolerance) return false
    due.set(sender, time + interval)
    if (due.size >= sweepAt) sweep(now)
    return true
  }
}
