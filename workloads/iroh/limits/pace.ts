/**
 * How fast a sender is read: a bucket that may go below empty, because what has been read is relayed in any case; the
 * sender then waits until it is level again. Times are monotonic milliseconds.
 */

export type PaceLimits = { bytesPerSecond: number; burst: number }

export class Pace {
  #limits: PaceLimits
  #level: number
  #filledAt: number

  constructor(limits: PaceLimits, now: number) {
    this.#limits = limits
    this.#level = limits.burst
    this.#filledAt = now
  }

  /** Counts bytes that were read; returns for how many milliseconds nothing more may be. */
  charge(bytes: number, now: number): number {
    this.#fill(now)
    this.#level -= bytes
    return this.#level >= 0 ? 0 : (-this.#level * 1000) / this.#limits.bytesPerSecond
  }

  /** Whether a new one would be the same. */
  isFull(now: number): boolean {
    this.#fill(now)
    return this.#level === this.#limits.burst
  }

  #fill(now: number): void {
    const { bytesPerSecond, burst } = this.#limits
    this.#level = Math.min(burst, this.#level + ((now - this.#filledAt) * bytesPerSecond) / 1000)
    this.#filledAt = now
  }
}
