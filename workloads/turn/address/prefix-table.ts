/**
 * Prefixes with a value each, found by the longest that holds an address. A look-up masks the address once for every
 * length that occurs, so that thousands of prefixes cost no more than some.
 */
import { parsePrefix } from './prefix.ts'

/** The first `bits` of an address as a key; families differ by length. */
const keyOf = (address: Uint8Array, bits: number): string => {
  const masked = Uint8Array.from(address)
  for (let index = 0; index < masked.length; index++) {
    const kept = Math.min(Math.max(bits - index * 8, 0), 8)
    masked[index]! &= 0xff << (8 - kept)
  }
  return Buffer.from(masked).toString('latin1')
}

export class PrefixTable<T> {
  /** Address length → prefix length, longest first → masked address → value. */
  #families = new Map<number, Map<number, Map<string, T>>>()

  /** Of two equal prefixes the first counts. @throws RangeError for what is no prefix */
  constructor(entries: Iterable<readonly [prefix: string, value: T]>) {
    const parsed = [...entries].map(([prefix, value]) => ({ ...parsePrefix(prefix), value }))
    for (const { bytes, bits, value } of parsed.sort((a, b) => b.bits - a.bits)) {
      const lengths = this.#families.get(bytes.length) ?? new Map<number, Map<string, T>>()
      const values = lengths.get(bits) ?? new Map<string, T>()
      const key = keyOf(bytes, bits)
      if (!values.has(key)) values.set(key, value)
      this.#families.set(bytes.length, lengths.set(bits, values))
    }
  }

  /** The value of the longest prefix that holds `address`, 4 or 16 bytes. */
  find(address: Uint8Array): T | undefined {
    for (const [bits, values] of this.#families.get(address.length) ?? []) {
      const value = values.get(keyOf(address, bits))
      if (value !== undefined) return value
    }
    return undefined
  }
}
