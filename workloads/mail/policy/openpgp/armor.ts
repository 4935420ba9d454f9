/**
 * ASCII armor of an OpenPGP message (RFC 9580 §6.2), strictly:
 *
 *     "-----BEGIN PGP MESSAGE-----" line-end
 *     line-end                                  ; no armor headers: they would be readable text
 *     *(base64 line-end)
 *     ["=" 4base64 line-end]                    ; CRC24, which a reader must not depend on (§6.1)
 *     "-----END PGP MESSAGE-----"
 */
import { Base64Reader, isBase64, isPadding } from './base64-reader.ts'

const head = Buffer.from('-----BEGIN PGP MESSAGE-----')
const tail = Buffer.from('-----END PGP MESSAGE-----')

const lf = 0x0a
const isSpace = (byte: number | undefined): boolean =>
  byte !== undefined && (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))

/** Base64 text between two offsets, and how many padding characters follow it. */
export type Armored = { start: number; end: number; padding: number }

const trimEnd = (bytes: Buffer, start: number, end: number): number => {
  let at = end
  while (at > start && isSpace(bytes[at - 1])) at--
  return at
}

/** The offset after the line that begins at `start`, which may hold blanks alone; -1 where it holds more. */
const afterBlankLine = (bytes: Buffer, start: number, end: number): number => {
  let at = start
  while (at < end && bytes[at] !== lf && isSpace(bytes[at])) at++
  return at < end && bytes[at] === lf ? at + 1 : -1
}

const withoutChecksum = (bytes: Buffer, start: number, end: number): number => {
  const line = end - 5
  const isChecksum = line > start && isPadding(bytes[line]) && bytes[line - 1] === lf
  return isChecksum && bytes.subarray(line + 1, end).every(isBase64) ? trimEnd(bytes, start, line) : end
}

/** Where the base64 text lies in a body that is armor and nothing else; null where it is not. */
export const findArmor = (bytes: Buffer, start: number, end: number): Armored | null => {
  let from = start
  while (from < end && isSpace(bytes[from])) from++
  const last = trimEnd(bytes, from, end) - tail.length
  if (last <= from || bytes[last - 1] !== lf || !bytes.subarray(last, last + tail.length).equals(tail)) return null
  if (!bytes.subarray(from, from + head.length).equals(head)) return null
  from = afterBlankLine(bytes, from + head.length, last)
  from = from === -1 ? -1 : afterBlankLine(bytes, from, last)
  if (from === -1) return null
  let until = withoutChecksum(bytes, from, trimEnd(bytes, from, last))
  const padded = until
  while (until > from && padded - until < 2 && isPadding(bytes[until - 1])) until--
  return { start: from, end: until, padding: padded - until }
}

/** A reader of the armored octets. */
export const armorReader = (bytes: Buffer, { start, end }: Armored): Base64Reader => new Base64Reader(bytes, start, end)
