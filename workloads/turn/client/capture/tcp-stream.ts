/** One direction of a TCP connection: its segments put in order (RFC 9293 §3.4) and cut into STUN messages and ChannelData. */
import { MessageStream } from '../../stun/stream.ts'
import type { Segment } from './ip-packet.ts'

/** What may wait for a segment before it; when there is more, the capture does not have that one. */
const maxHeld = { bytes: 128 * 1024, segments: 256 }
/** Further behind than any window: no repetition, but another connection whose start was not captured. */
const maxBehind = 16 * 1024 * 1024

/** From sequence number `from` to `to`, which wrap around. */
const distance = (from: number, to: number): number => (to - from) | 0

/** Whether a stream whose start was not captured can be entered here: by STUN's cookie, or by lengths that fit. */
const entered = (data: Buffer, messages: readonly Buffer[], { failure }: MessageStream): boolean =>
  failure === null && (messages.length > 0 || (data[0]! < 0x40 && data.length >= 8))

/** A handshake record of TLS (RFC 8446 §5.1). */
const isTls = (data: Buffer): boolean => data[0] === 22 && data[1] === 3

export class TcpStream {
  /** Segments that were captured and could not be read, and places where some are missing. */
  left = 0
  gaps = 0
  tls = false
  /** Sequence number of the next byte. */
  #next: number | null = null
  #held: { sequence: number; data: Buffer }[] = []
  #heldBytes = 0
  /** Null while it is not known where a message starts. */
  #messages: MessageStream | null = null;

  /** The messages that this segment completes, each in full. */
  *take({ sequence, syn, data, missing }: Segment): Generator<Buffer> {
    if (syn) this.#begin(sequence)
    const start = syn ? (sequence + 1) >>> 0 : sequence
    this.#next ??= start
    if (distance(start, this.#next) > maxBehind) this.#jump(start)
    if (distance(this.#next, start) > 0) {
      if (data.length > 0) this.#hold(start, data)
    } else {
      yield* this.#deliver(start, data)
      if (missing > 0) this.#jump((start + data.length + missing) >>> 0)
    }
    yield* this.#release()
    while (this.#heldBytes > maxHeld.bytes || this.#held.length > maxHeld.segments) yield* this.#overGap()
  }

  /** What waits for segments that never came. */
  *end(): Generator<Buffer> {
    while (this.#held.length > 0) yield* this.#overGap()
  }

  #begin(sequence: number): void {
    this.#next = (sequence + 1) >>> 0
    this.#held = []
    this.#heldBytes = 0
    this.#messages = new MessageStream()
  }

  /** Copied: a view would hold all that was read with it. */
  #hold(sequence: number, data: Buffer): void {
    this.#held.push({ sequence, data: Buffer.from(data) })
    this.#held.sort((a, b) => distance(b.sequence, a.sequence))
    this.#heldBytes += data.length
  }

  /** What waited for the bytes before it and waits no longer. */
  *#release(): Generator<Buffer> {
    for (let first = this.#held[0]; first && distance(this.#next!, first.sequence) <= 0; first = this.#held[0]) {
      this.#held.shift()
      this.#heldBytes -= first.data.length
      yield* this.#deliver(first.sequence, first.data)
    }
  }

  *#overGap(): Generator<Buffer> {
    this.#jump(this.#held[0]!.sequence)
    yield* this.#release()
  }

  #jump(sequence: number): void {
    this.gaps++
    this.#next = sequence
    this.#messages = null
  }

  /** Those of its bytes that are new. */
  *#deliver(sequence: number, data: Buffer): Generator<Buffer> {
    const fresh = data.subarray(distance(sequence, this.#next!))
    if (fresh.length === 0) return
    this.#next = (this.#next! + fresh.length) >>> 0
    if (isTls(fresh)) this.tls = true
    const stream = this.#messages ?? new MessageStream()
    const messages = [...stream.take(fresh)]
    const known = this.#messages !== null || entered(fresh, messages, stream)
    if (known) yield* messages
    this.#messages = known && !stream.failure ? stream : null
    if (!this.#messages) this.left++
  }
}
