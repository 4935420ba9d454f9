/**
 * The content of one message while it comes in: bounded by the message size, and together with all others by a budget, so
 * that slow senders of large messages cannot take the server's memory.
 */
import type { Refusal } from '../policy/refusal.ts'
import { smtpRefusals } from './refusals.ts'

/** Octets of a message that need no budget: text messages come through however many large ones are on their way. */
const freeSize = 64 * 1024
const firstBuffer = 16 * 1024

/** Octets that all messages together may hold while they come in. */
export class BufferBudget {
  #left: number
  #size: number

  constructor(size: number) {
    this.#size = size
    this.#left = size
  }

  get used(): number {
    return this.#size - this.#left
  }

  take(octets: number): boolean {
    if (octets > this.#left) return false
    this.#left -= octets
    return true
  }

  give(octets: number): void {
    this.#left += octets
  }
}

export class IncomingContent {
  /** Octets that came, kept or not. */
  received = 0
  /** Why nothing is kept any more, or null. */
  refusal: Refusal | null = null
  #limit: number
  #budget: BufferBudget
  #taken = 0
  #buffer: Buffer | null = null
  /** Octets of `#buffer` that are in use. */
  #used = 0

  constructor(limit: number, budget: BufferBudget) {
    this.#limit = limit
    this.#budget = budget
  }

  /** Takes the next octets; a message that is refused costs no memory from then on. */
  add(chunk: Buffer): void {
    this.received += chunk.length
    if (this.refusal) return
    if (this.received > this.#limit) this.#refuse(smtpRefusals.tooLarge)
    else if (!this.#reserve()) this.#refuse(smtpRefusals.noBuffer)
    else this.#append(chunk)
  }

  /** All octets. A message that came in one piece is not copied. */
  get bytes(): Buffer {
    return this.#buffer?.subarray(0, this.#used) ?? Buffer.alloc(0)
  }

  /** Gives buffer and budget back; may be called more than once. */
  release(): void {
    this.#budget.give(this.#taken)
    this.#taken = 0
    this.#buffer = null
    this.#used = 0
  }

  #refuse(refusal: Refusal): void {
    this.refusal = refusal
    this.release()
  }

  #reserve(): boolean {
    const needed = Math.max(0, this.received - freeSize) - this.#taken
    if (needed <= 0) return true
    const given = this.#budget.take(needed)
    if (given) this.#taken += needed
    return given
  }

  #append(chunk: Buffer): void {
    if (!this.#buffer) this.#buffer = chunk
    else {
      this.#grow(this.#used + chunk.length)
      chunk.copy(this.#buffer, this.#used)
    }
    this.#used += chunk.length
  }

  /** Doubles, so that a message is copied about once, in whatever pieces it comes. A single piece is full: never written to. */
  #grow(needed: number): void {
    const buffer = this.#buffer!
    if (buffer.length >= needed) return
    let size = Math.max(firstBuffer, buffer.length)
    while (size < needed) size *= 2
    const grown = Buffer.allocUnsafeSlow(Math.min(size, Math.max(this.#limit, needed)))
    buffer.copy(grown, 0, 0, this.#used)
    this.#buffer = grown
  }
}
