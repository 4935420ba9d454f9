/**
 * The header section of a message or of a body part (RFC 5322 §2.2), as offsets into the buffer that holds it. Line ends
 * are CRLF or LF alone.
 *
 *     field = name ":" body  ; name: printable ASCII but colon and space, body may be folded
 */

const lf = 0x0a
const cr = 0x0d
const colon = 0x3a
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09

/** A field: `start` to `end` is all of it with its last line end, `value` is where its body begins. */
export type Field = { name: string; start: number; value: number; end: number }

export type Header = {
  fields: readonly Field[]
  /** Where the body begins: after the empty line, or the end where there is none. */
  body: number
}

/** More than mail has, few enough to bound what one message can make us keep. */
const maxFields = 1000
const maxHeaderBytes = 256 * 1024
/** RFC 5322 §2.1.1: a line has at most 998 octets. */
const maxNameBytes = 998

const fieldName = (bytes: Buffer, start: number, end: number): string | null => {
  let at = start
  while (at < end && bytes[at] !== colon) {
    const byte = bytes[at]!
    if (byte <= 0x20 || byte >= 0x7f || at - start > maxNameBytes) return null
    at++
  }
  return at === start || at === end ? null : bytes.toString('latin1', start, at).toLowerCase()
}

const afterLine = (bytes: Buffer, from: number, limit: number): number => {
  const newline = bytes.indexOf(lf, from)
  return newline === -1 || newline >= limit ? limit : newline + 1
}

const isEmptyLine = (bytes: Buffer, at: number): boolean =>
  bytes[at] === lf || (bytes[at] === cr && bytes[at + 1] === lf)

/** Reads the header that begins at `start` and ends before `limit`. Null: malformed, or larger than mail has. */
export const readHeader = (bytes: Buffer, start = 0, limit = bytes.length): Header | null => {
  const fields: Field[] = []
  let at = start
  while (at < limit && !isEmptyLine(bytes, at)) {
    const name = fieldName(bytes, at, limit)
    if (name === null || fields.length === maxFields) return null
    let end = afterLine(bytes, at, limit)
    while (end < limit && isBlank(bytes[end])) end = afterLine(bytes, end, limit)
    if (end - start > maxHeaderBytes) return null
    fields.push({ name, start: at, value: at + name.length + 1, end })
    at = end
  }
  return { fields, body: at < limit ? afterLine(bytes, at, limit) : limit }
}

/** The field's body, unfolded and trimmed, as UTF-8 (RFC 6532). */
const fieldValue = (bytes: Buffer, field: Field): string =>
  bytes.toString('utf8', field.value, field.end).replaceAll('\r', '').replaceAll('\n', '').trim()

/** The value of the field of that lower-case name; null where it is missing, undefined where it stands twice. */
export const soleValue = (bytes: Buffer, header: Header, name: string): string | null | undefined => {
  let found: Field | null = null
  for (const field of header.fields) {
    if (field.name !== name) continue
    if (found) return undefined
    found = field
  }
  return found && fieldValue(bytes, found)
}
