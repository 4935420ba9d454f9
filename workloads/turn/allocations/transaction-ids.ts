/**
 * Transaction ids of the server's own indications. Nobody answers them, so that a random start and a counter do where a
 * request would need 96 random bits (RFC 8489 §5).
 */
export class TransactionIds {
  #id: Buffer

  /** `start` is 12 random bytes. */
  constructor(start: Uint8Array) {
    this.#id = Buffer.from(start)
  }

  /** The next id; the same buffer each time, to be copied at once. */
  next(): Uint8Array {
    this.#id.writeUInt32BE((this.#id.readUInt32BE(8) + 1) >>> 0, 8)
    return this.#id
  }
}
