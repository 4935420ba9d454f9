/**
 * Text of a message as a searcher means it: encoded words (RFC 2047) and transfer encodings (RFC 2045 §6) undone, in one
 * case. What cannot be decoded is searched as it stands.
 */
import type { Part } from '../fetch/mime.ts'
import { parameter } from '../fetch/parameters.ts'
import type { Readable } from '../fetch/section.ts'

const encodedWord = /=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bq])\?([^?\s]*)\?=/gi
const betweenWords = /(\?=)\s+(?==\?)/g

/** What TextDecoder knows, and UTF-8 for what it does not. */
const decode = (bytes: Buffer, charset: string): string => {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return bytes.toString('utf8')
  }
}

const quotedPrintable = (text: string): Buffer =>
  Buffer.from(
    text
      // Only from the first of several blanks: from each of them, a long run would take the square of its length.
      .replace(/(?<![ \t])[ \t]*=\r?\n/g, '')
      .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )

const decodeWord = (_: string, charset: string, encoding: string, text: string): string =>
  decode(
    encoding.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : quotedPrintable(text.replaceAll('_', ' ')),
    charset,
  )

/** A header value, given as Latin-1, with UTF-8 and encoded words read, in lower case. */
export const headerText = (latin1: string): string => {
  const value = Buffer.from(latin1, 'latin1').toString('utf8')
  return value.replace(betweenWords, '$1').replace(encodedWord, decodeWord).toLowerCase()
}

const partBytes = (content: Buffer, part: Part): Buffer => {
  const body = content.subarray(part.body, part.end)
  const encoding = (part.fields.get('content-transfer-encoding') ?? '').toLowerCase()
  if (encoding === 'base64') return Buffer.from(body.toString('latin1'), 'base64')
  return encoding === 'quoted-printable' ? quotedPrintable(body.toString('latin1')) : body
}

const readText = (content: Buffer, part: Part): string => {
  if (part.type !== 'TEXT') return content.subarray(part.body, part.end).toString('latin1').toLowerCase()
  const charset = parameter(part.contentType, 'CHARSET') ?? 'utf-8'
  return decode(partBytes(content, part), charset).toLowerCase()
}

/** True when a part of the tree holds `wanted`, which is in lower case. */
export const bodyHolds = (readable: Readable, part: Part, wanted: string): boolean => {
  if (part.children.length > 0) return part.children.some((child) => bodyHolds(readable, child, wanted))
  if (part.message) return bodyHolds(readable, part.message, wanted)
  return readable.textOf(part, readText).includes(wanted)
}
