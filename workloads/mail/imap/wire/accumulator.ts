/**
 * Gathers bytes that come in pieces. Memory follows the number of bytes and not that of the pieces, so that a client that
 * sends one octet at a time costs no more than others. What comes in one piece is not copied.
 */

const empty = Buffer.alloc(0)
const smallest = 1024

export class Accumulator {
  #bytes: Buffer = empty
  #length = 0

  add(piece: Buffer): void {
    if (this.#length === 0) this.#bytes = piece
    else {
      this.#reserve(this.#length + piece.length)
      piece.copy(this.#bytes, this.#length)
    }
    this.#length += piece.length
  }

  /** All that was added, and starts anew. */
  take(): Buffer {
    const bytes = this.#bytes.length === this.#length ? this.#bytes : this.#bytes.subarray(0, this.#length)
    this.#bytes = empty
    this.#length = 0
    return bytes
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(smallest, length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
