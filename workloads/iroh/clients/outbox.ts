/**
 * What waits to be written to one client: answers and notices first, datagrams after them. Both are bounded; when there is
 * no room the oldest datagrams go, because real-time data loses its worth with age.
 */

/** Answers and notices are small, and a client that does not read them is soon closed. */
const maxNotices = 512

export type OutboxLimits = { packets: number; bytes: number }

/** Bytes that wait in all outboxes together. */
export type Budget = { used: number; readonly limit: number }

const none: Buffer[] = []

export class Outbox {
  #limits: OutboxLimits
  #budget: Budget
  #notices: Buffer[] = none
  #datagrams: Buffer[] = none
  /** Where the queue of datagrams begins. */
  #head = 0
  #bytes = 0

  constructor(limits: OutboxLimits, budget: Budget) {
    this.#limits = limits
    this.#budget = budget
  }

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#notices.length === 0 && this.#head === this.#datagrams.length
  }

  /** Returns how many notices were dropped for it. */
  addNotice(frame: Buffer): number {
    if (this.#notices === none) this.#notices = []
    this.#notices.push(frame)
    this.#count(frame.length)
    if (this.#notices.length <= maxNotices) return 0
    this.#count(-this.#notices.shift()!.length)
    return 1
  }

  /** Returns how many datagrams were dropped for it; it may be itself. */
  addDatagram(frame: Buffer): number {
    if (this.#datagrams === none) this.#datagrams = []
    this.#datagrams.push(frame)
    this.#count(frame.length)
    let dropped = 0
    for (; this.#isOverfull() && this.#head < this.#datagrams.length; dropped++) this.#count(-this.#shift().length)
    return dropped
  }

  /** The next frames, at least one and no more than `maxBytes` beyond it. */
  take(maxBytes: number): Buffer[] {
    const frames = this.#notices
    this.#notices = none
    let taken = frames.reduce((sum, frame) => sum + frame.length, 0)
    const batch = frames === none ? [] : frames
    while (this.#head < this.#datagrams.length) {
      const size = this.#datagrams[this.#head]!.length
      if (batch.length > 0 && taken + size > maxBytes) break
      taken += size
      batch.push(this.#shift())
    }
    this.#count(-taken)
    return batch
  }

  clear(): void {
    this.#count(-this.#bytes)
    this.#notices = none
    this.#datagrams = none
    this.#head = 0
  }

  #isOverfull(): boolean {
    return (
      this.#datagrams.length - this.#head > this.#limits.packets ||
      this.#bytes > this.#limits.bytes ||
      this.#budget.used > this.#budget.limit
    )
  }

  /** The array gives back what it holds once it is empty, or half of it is used up. */
  #shift(): Buffer {
    const frame = this.#datagrams[this.#head++]!
    if (this.#head === this.#datagrams.length) {
      this.#datagrams = none
      this.#head = 0
    } else if (this.#head > this.#limits.packets) {
      this.#datagrams = this.#datagrams.slice(this.#head)
      this.#head = 0
    }
    return frame
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#budget.used += bytes
  }
}
