/**
 * Whether a client is still there: after 15 to 20 seconds without a frame it is pinged, and it has 5 seconds to answer.
 * The numbers are those of the relay that clients know. Times are monotonic milliseconds.
 */

const idleMs = 15_000
const jitterMs = 5_000
const answerMs = 5_000

export class Liveness {
  /** Zero while no ping is out. */
  #pingedAt = 0
  #data: Buffer | null = null
  #heardAt: number
  #patience: number

  /** `chance` in [0, 1) spreads the pings of clients that came together. */
  constructor(now: number, chance: number) {
    this.#heardAt = now
    this.#patience = idleMs + chance * jitterMs
  }

  /** A frame has come. */
  heard(now: number): void {
    this.#heardAt = now
  }

  /** Only the answer to the newest ping counts. */
  answered(data: Buffer): void {
    if (!this.#data?.equals(data)) return
    this.#pingedAt = 0
    this.#data = null
  }

  /** Time during which the client could not be heard does not count. */
  excuse(now: number): void {
    this.#heardAt = now
    if (this.#pingedAt !== 0) this.#pingedAt = now
  }

  /** What is due: data of 8 bytes to ping with, or that the client is gone. */
  next(now: number, random: (bytes: number) => Buffer): Buffer | 'gone' | null {
    if (this.#pingedAt !== 0) return now - this.#pingedAt > answerMs ? 'gone' : null
    if (now - this.#heardAt < this.#patience) return null
    this.#pingedAt = now
    this.#data = random(8)
    return this.#data
  }
}
