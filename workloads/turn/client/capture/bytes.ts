/** The bytes of a capture as they come: what is asked for is there in full, and no more is held than that. */

/** What is wrong with a capture, for the person who gave it. */
export class CaptureError extends Error {
  override name = 'CaptureError'
}

/** Longest packet or block: more is a damaged length field. Wireshark reads none that are longer either. */
export const maxLength = 16 * 1024 * 1024

export class Bytes {
  #chunks: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** How many were taken. */
  get at(): number {
    return this.#at
  }

  /** The next `length`, or fewer at the end; they stay. */
  async peek(length: number): Promise<Buffer> {
    if (this.#held.length < length) await this.#fill(length)
    return this.#held.subarray(0, length)
  }

  async ended(): Promise<boolean> {
    return (await this.peek(1)).length === 0
  }

  /** `what` is what they belong to. @throws CaptureError when there are fewer than `length`, or too many are wanted */
  async take(length: number, what: string): Promise<Buffer> {
    if (length > maxLength) throw new CaptureError(`${what} at byte ${this.#at} is ${length} bytes long: damaged`)
    const bytes = await this.peek(length)
    if (bytes.length < length) throw this.#truncated(what)
    this.#drop(length)
    return bytes
  }

  /** Takes them without holding them. @throws CaptureError when there are fewer */
  async skip(length: number, what: string): Promise<void> {
    for (let left = length; left > 0; ) {
      const { length: found } = await this.peek(1)
      if (found === 0) throw this.#truncated(what)
      const part = Math.min(left, this.#held.length)
      this.#drop(part)
      left -= part
    }
  }

  #truncated(what: string): CaptureError {
    const end = this.#at + this.#held.length
    return new CaptureError(`the file ends at byte ${end}, in the middle of ${what}: it was cut off`)
  }

  #drop(length: number): void {
    this.#held = this.#held.subarray(length)
    this.#at += length
  }

  async #fill(length: number): Promise<void> {
    const parts = [this.#held]
    for (let have = this.#held.length; have < length; ) {
      const { done, value } = await this.#chunks.next()
      if (done) break
      parts.push(value)
      have += value.length
    }
    this.#held = Buffer.concat(parts)
  }
}
