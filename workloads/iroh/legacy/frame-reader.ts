/** Frames out of a stream of bytes that arrives in pieces of any size. Holds at most twice what has arrived of one frame. */
import { headerBytes, isPossible } from './frames.ts'

/** What of a frame has arrived while more is to come. */
const firstCapacity = 64

export class FrameReader {
  /** The one type that the first frame may have, while it has not come. */
  #first: number | null
  #partial: Buffer | null = null
  #filled = 0

  /** `first` keeps somebody unknown from having us hold more than that frame may be long; null is any. */
  constructor(first: number | null) {
    this.#first = first
  }

  /**
   * Calls `take` with each whole frame of `chunk`, as a view of it wherever it lies in one piece, until it returns false.
   * Returns false when the stream is no valid one from here on, or when `take` did.
   */
  push(chunk: Buffer, take: (frame: Buffer) => boolean): boolean {
    let at = 0
    if (this.#partial) {
      at = this.#complete(chunk)
      if (at < 0) return false
      const frame = this.#wholeFrame()
      if (!frame) return true
      this.#first = null
      if (!take(frame)) return false
    }
    while (chunk.length - at >= headerBytes) {
      const length = chunk.readUInt32BE(at + 1)
      if (!this.#isPossible(chunk[at]!, length)) return false
      const end = at + headerBytes + length
      if (end > chunk.length) break
      this.#first = null
      if (!take(chunk.subarray(at, end))) return false
      at = end
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length)
    return true
  }

  /** Bytes of memory held for a frame that is not complete. */
  get held(): number {
    return this.#partial?.length ?? 0
  }

  #isPossible(type: number, length: number): boolean {
    return (this.#first === null || type === this.#first) && isPossible(type, length)
  }

  /** Takes from `chunk` what the kept frame lacks; returns where the next frame starts, or -1 for an impossible header. */
  #complete(chunk: Buffer): number {
    const header = this.#fill(chunk, 0, headerBytes)
    if (this.#filled < headerBytes) return header
    const length = this.#partial!.readUInt32BE(1)
    if (!this.#isPossible(this.#partial![0]!, length)) return -1
    return this.#fill(chunk, header, headerBytes + length)
  }

  /** Copies until `wanted` bytes are kept or the chunk is used up; returns how far in the chunk that was. */
  #fill(chunk: Buffer, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + Math.max(0, wanted - this.#filled))
    this.#keep(chunk, at, end)
    return end
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const needed = this.#filled + end - start
    if (!this.#partial || this.#partial.length < needed) {
      const larger = Buffer.allocUnsafe(Math.max(firstCapacity, this.#filled * 2, needed))
      this.#partial?.copy(larger, 0, 0, this.#filled)
      this.#partial = larger
    }
    chunk.copy(this.#partial, this.#filled, start, end)
    this.#filled = needed
  }

  #wholeFrame(): Buffer | null {
    if (this.#filled < headerBytes) return null
    const size = headerBytes + this.#partial!.readUInt32BE(1)
    if (this.#filled < size) return null
    const frame = this.#partial!.subarray(0, size)
    this.#partial = null
    this.#filled = 0
    return frame
  }
}
