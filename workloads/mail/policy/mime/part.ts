/** One entity of a MIME structure (RFC 2045 §2.4): its header, type, and where its body lies. Nothing is copied. */
import { type ContentType, parseContentType } from './content-type.ts'
import { type Header, readHeader, soleValue } from './header.ts'

export type Part = { header: Header; type: ContentType; start: number; end: number }

/** RFC 2045 §5.2: what an entity is that does not say. */
const defaultType: ContentType = { type: 'text/plain', parameters: new Map() }

/** Encodings that leave the body as it is (RFC 2045 §6.2); other ones would hide what the body holds. */
const identityEncodings = new Set(['7bit', '8bit', 'binary'])

const isIdentity = (encoding: string | null | undefined): boolean =>
  encoding === null || (encoding !== undefined && identityEncodings.has(encoding.toLowerCase()))

/** The entity between two offsets. Null: malformed, ambiguous, or its body is encoded. */
export const readPart = (
  bytes: Buffer,
  start: number,
  end: number,
  read = readHeader(bytes, start, end),
): Part | null => {
  if (!read || !isIdentity(soleValue(bytes, read, 'content-transfer-encoding'))) return null
  const value = soleValue(bytes, read, 'content-type')
  const type = value === null ? defaultType : value === undefined ? null : parseContentType(value)
  return type && { header: read, type, start: Math.min(read.body, end), end }
}

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

/** True where nothing but white space lies between the offsets. */
export const isBlankBetween = (bytes: Buffer, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (!isSpace(bytes[at]!)) return false
  return true
}

/** The body without white space around it, in lower case, or null where it is longer than `limit` octets. */
export const trimmedBody = (bytes: Buffer, part: Part, limit: number): string | null => {
  let { start, end } = part
  while (start < end && isSpace(bytes[start]!)) start++
  while (end > start && isSpace(bytes[end - 1]!)) end--
  return end - start > limit ? null : bytes.toString('latin1', start, end).toLowerCase()
}
