/**
 * Reads the octets that base64 lines stand for (RFC 4648 §4), a few at a time, without decoding the rest: the packet walk
 * looks at headers alone and skips megabytes of ciphertext. Every character is checked on the way.
 */

const padding = 0x3d
const invalid = 255
const lineEnd = 254

/** Value of each base64 character; CR, LF, blanks and what is no base64 have codes above 63. */
const values = (() => {
  const table = new Uint8Array(256).fill(invalid)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  for (let value = 0; value < alphabet.length; value++) table[alphabet.charCodeAt(value)] = value
  for (const character of '\r\n \t') table[character.charCodeAt(0)] = lineEnd
  return table
})()

export class Base64Reader {
  #bytes: Buffer
  #at: number
  #end: number
  /** Bits read and not yet handed out, and how many. */
  #pending = 0
  #bits = 0
  #characters = 0

  /** Reads the characters between two offsets; padding and what follows it lie outside. */
  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** The next octet, or -1 at the end or where a character is none of base64. */
  next(): number {
    while (this.#bits < 8) {
      if (this.#at >= this.#end) return -1
      const value = values[this.#bytes[this.#at++]!]!
      if (value === lineEnd) continue
      if (value === invalid) return this.#fail()
      this.#pending = ((this.#pending << 6) | value) & 0xfff
      this.#bits += 6
      this.#characters++
    }
    this.#bits -= 8
    return (this.#pending >> this.#bits) & 0xff
  }

  /** Moves past `count` octets; false where there are fewer. */
  skip(count: number): boolean {
    let left = count
    for (; left > 0 && this.#bits !== 0; left--) if (this.next() === -1) return false
    const characters = Math.floor(left / 3) * 4
    if (this.#skipCharacters(characters) !== characters) return false
    for (left %= 3; left > 0; left--) if (this.next() === -1) return false
    return true
  }

  /** Base64 characters read so far. */
  get characters(): number {
    return this.#characters
  }

  /** True once nothing but white space is left. */
  get atEnd(): boolean {
    while (this.#at < this.#end && values[this.#bytes[this.#at]!] === lineEnd) this.#at++
    return this.#at >= this.#end && this.#bits < 8
  }

  /** How many characters it moved past: fewer than `count` at the end, -1 at one that is none of base64. */
  #skipCharacters(count: number): number {
    let skipped = 0
    while (skipped < count && this.#at < this.#end) {
      skipped += this.#skipRun(count - skipped)
      if (skipped >= count || this.#at >= this.#end) break
      const value = values[this.#bytes[this.#at++]!]!
      if (value === invalid) return this.#fail()
      if (value !== lineEnd) skipped++
    }
    this.#characters += skipped
    return skipped
  }

  /**
   * Moves past base64 characters, eight at a time, up to the first that is none or to fewer than eight. Nearly all time of
   * a large message is spent here.
   */
  #skipRun(count: number): number {
    const bytes = this.#bytes
    const start = this.#at
    const last = Math.min(this.#end, start + count) - 8
    let at = start
    for (; at <= last; at += 8) {
      const first = values[bytes[at]!]! | values[bytes[at + 1]!]! | values[bytes[at + 2]!]! | values[bytes[at + 3]!]!
      const second =
        values[bytes[at + 4]!]! | values[bytes[at + 5]!]! | values[bytes[at + 6]!]! | values[bytes[at + 7]!]!
      if ((first | second) > 63) break
    }
    this.#at = at
    return at - start
  }

  #fail(): -1 {
    this.#at = this.#end
    return -1
  }
}

/** True for a character that ends the base64 text. */
export const isPadding = (byte: number | undefined): boolean => byte === padding
/** True for a base64 character. */
export const isBase64 = (byte: number | undefined): boolean => byte !== undefined && values[byte]! < 64
