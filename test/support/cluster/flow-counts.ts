/** What a flow of relayed packets has come to; pure, over times in milliseconds. */

/** Running sums since the start of the flow. */
export type FlowCounts = {
  sent: number
  /** Packets that came back within `lateMs`. */
  echoed: number
  lost: number
  /** The longest time in which nothing came back. */
  longestGapMs: number
  refreshed: number
  /** Requests that were refused, by error code; `silent`: never answered. */
  refused: Record<string, number>
}

/** A packet that has not come back by then is lost. */
export const lateMs = 2000

export class FlowCounter {
  #pending = new Map<number, number>()
  #lastEcho: number
  #counts: FlowCounts = { sent: 0, echoed: 0, lost: 0, longestGapMs: 0, refreshed: 0, refused: {} }

  constructor(now: number) {
    this.#lastEcho = now
  }

  sent(now: number): number {
    const sequence = this.#counts.sent++
    this.#pending.set(sequence, now)
    return sequence
  }

  echoed(sequence: number, now: number): void {
    this.#gap(now)
    this.#lastEcho = now
    if (this.#pending.delete(sequence)) this.#counts.echoed++
  }

  answered(code: number | 'silent'): void {
    if (code === 0) this.#counts.refreshed++
    else this.#counts.refused[code] = (this.#counts.refused[code] ?? 0) + 1
  }

  get underWay(): number {
    return this.#pending.size
  }

  at(now: number): FlowCounts {
    this.#gap(now)
    for (const [sequence, when] of this.#pending) {
      if (now - when < lateMs) break
      this.#pending.delete(sequence)
      this.#counts.lost++
    }
    return structuredClone(this.#counts)
  }

  #gap(now: number): void {
    this.#counts.longestGapMs = Math.max(this.#counts.longestGapMs, Math.round(now - this.#lastEcho))
  }
}
