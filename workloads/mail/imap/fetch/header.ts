/**
 * The header of a message or part (RFC 5322 §2.2), as Latin-1 text so that one character is one octet.
 */
import type { HeaderFields } from './items.ts'

const lineFeed = 10
const carriageReturn = 13

/** Where the body begins: after the first empty line at or after `start`, or `end` when there is none. */
export const bodyStart = (content: Buffer, start = 0, end = content.length): number => {
  for (let line = start; line < end; ) {
    if (content[line] === lineFeed) return line + 1
    if (content[line] === carriageReturn && content[line + 1] === lineFeed) return Math.min(line + 2, end)
    const feed = content.indexOf(lineFeed, line)
    if (feed < 0 || feed >= end) return end
    line = feed + 1
  }
  return end
}

/** Calls `field` with the lower-case name and the bounds of each field, folding included. */
const eachField = (header: string, field: (name: string, start: number, end: number, colon: number) => void): void => {
  let start = 0
  while (start < header.length) {
    let end = header.indexOf('\n', start) + 1 || header.length
    while (header[end] === ' ' || header[end] === '\t') end = header.indexOf('\n', end) + 1 || header.length
    const colon = header.indexOf(':', start)
    if (colon > start && colon < end) field(header.slice(start, colon).trimEnd().toLowerCase(), start, end, colon)
    start = end
  }
}

/** The fields of a HEADER.FIELDS section in their order, unchanged, with an empty line at the end. */
export const filterHeader = (header: string, { names, not }: HeaderFields): string => {
  let kept = ''
  eachField(header, (name, start, end) => {
    if (names.has(name) !== not) kept += header.slice(start, end)
  })
  return `${kept}\r\n`
}

/** First value of each field, unfolded and trimmed, by lower-case name. */
export const readFields = (header: string): Map<string, string> => {
  const fields = new Map<string, string>()
  eachField(header, (name, _start, end, colon) => {
    if (!fields.has(name)) fields.set(name, unfold(header.slice(colon + 1, end)))
  })
  return fields
}

/** Every value of one field, unfolded and trimmed. */
export const fieldValues = (header: string, wanted: string): string[] => {
  const values: string[] = []
  eachField(header, (name, _start, end, colon) => {
    if (name === wanted) values.push(unfold(header.slice(colon + 1, end)))
  })
  return values
}

const unfold = (value: string): string => value.replace(/\r?\n/g, '').trim()
