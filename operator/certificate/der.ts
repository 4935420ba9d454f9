/** Writing ASN.1 values in DER (X.690 §8, §10), as far as a certificate needs them. */

const length = (bytes: number): Buffer => {
  if (bytes < 0x80) return Buffer.from([bytes])
  const digits = Buffer.from(bytes.toString(16).padStart(bytes > 0xffff ? 6 : bytes > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits])
}

/** Tag, length, content. `tag` is the identifier octet. */
export const tagged = (tag: number, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

export const sequence = (...items: Buffer[]): Buffer => tagged(0x30, ...items)
export const set = (...items: Buffer[]): Buffer => tagged(0x31, ...items)
export const utf8String = (text: string): Buffer => tagged(0x0c, Buffer.from(text))
export const octetString = (content: Buffer): Buffer => tagged(0x04, content)
export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]))

/** `unused`: how many of the last bits do not count. */
export const bitString = (content: Buffer, unused = 0): Buffer => tagged(0x03, Buffer.from([unused]), content)

/** A constructed context-specific value, `[number] EXPLICIT`. */
export const explicit = (number: number, content: Buffer): Buffer => tagged(0xa0 | number, content)

/** A primitive context-specific value, `[number] IMPLICIT`. */
export const implicit = (number: number, content: Buffer): Buffer => tagged(0x80 | number, content)

/** A positive integer from its big-endian bytes. */
export const integer = (bytes: Buffer): Buffer => {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Buffer.from([0]) : bytes.subarray(first)
  return tagged(0x02, digits[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits)
}

const base128 = (value: number): number[] => {
  const digits = [value & 0x7f]
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** From dotted form. */
export const objectIdentifier = (dotted: string): Buffer => {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]]
  return tagged(0x06, Buffer.from([40 * first + second, ...rest.flatMap(base128)]))
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). `at` is in Unix milliseconds. */
export const time = (at: number): Buffer => {
  const iso = new Date(at).toISOString()
  const digits = `${iso.slice(0, 19).replace(/[-:T]/g, '')}Z`
  return Number(digits.slice(0, 4)) < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits))
}
