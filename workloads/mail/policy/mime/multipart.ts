/**
 * The parts of a multipart body (RFC 2046 §5.1.1), strictly: preamble and epilogue are empty, the closing delimiter is
 * there, and no line merely begins like a delimiter, since readers differ on what that is.
 *
 *     delimiter = "--" boundary *WSP (CRLF / LF)      close-delimiter = "--" boundary "--"
 */
import { isBlankBetween, type Part, readPart } from './part.ts'

const lf = 0x0a
const cr = 0x0d
const dash = 0x2d

/** RFC 2046 §5.1.1: 1 to 70 characters, the last no space. Control characters would break the line logic here. */
const boundaryRule = /^[\x20-\x7e]{0,69}[\x21-\x7e]$/

/** `start` is the delimiter line's first octet, `next` the first after its line end. */
type Delimiter = { start: number; next: number; closes: boolean }

const readDelimiter = (bytes: Buffer, start: number, length: number, end: number): Delimiter | null => {
  let at = start + length
  const closes = bytes[at] === dash && bytes[at + 1] === dash
  if (closes) at += 2
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === cr)) at++
  if (at < end && bytes[at] !== lf) return null
  return { start, next: Math.min(at + 1, end), closes }
}

/** The delimiter line at or after `from`, which is the start of a line. */
const findDelimiter = (bytes: Buffer, marker: Buffer, from: number, end: number): Delimiter | null => {
  const atLineStart = marker.subarray(1)
  if (bytes.subarray(from, from + atLineStart.length).equals(atLineStart))
    return readDelimiter(bytes, from, atLineStart.length, end)
  const found = bytes.indexOf(marker, Math.max(from - 1, 0))
  if (found === -1 || found + marker.length > end) return null
  return readDelimiter(bytes, found + 1, atLineStart.length, end)
}

/** Where a part ends whose delimiter line begins at `delimiter`: the line end before belongs to the delimiter. */
const partEnd = (bytes: Buffer, start: number, delimiter: number): number => {
  const end = delimiter - (bytes[delimiter - 2] === cr ? 2 : 1)
  return Math.max(start, end)
}

/** Reads up to `most` parts. Null: malformed, ambiguous, or more of them. */
export const readParts = (bytes: Buffer, whole: Part, most: number): Part[] | null => {
  const boundary = whole.type.parameters.get('boundary') ?? ''
  if (!boundaryRule.test(boundary)) return null
  const marker = Buffer.from(`\n--${boundary}`, 'latin1')
  let delimiter = findDelimiter(bytes, marker, whole.start, whole.end)
  if (!delimiter || delimiter.closes || !isBlankBetween(bytes, whole.start, delimiter.start)) return null
  const parts: Part[] = []
  while (!delimiter.closes) {
    const next = findDelimiter(bytes, marker, delimiter.next, whole.end)
    if (!next || parts.length === most) return null
    const part = readPart(bytes, delimiter.next, partEnd(bytes, delimiter.next, next.start))
    if (!part) return null
    parts.push(part)
    delimiter = next
  }
  return isBlankBetween(bytes, delimiter.next, whole.end) ? parts : null
}
