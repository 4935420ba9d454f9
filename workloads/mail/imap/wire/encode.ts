/**
 * Values as a client reads them (RFC 3501 §9): everything that is not short printable 7-bit text goes as a literal, because
 * stock clients accept no 8-bit octets elsewhere.
 */

const plain = /^[\x20-\x7e]{0,1024}$/
const atom = /^[^\x00-\x20(){%*"\\\]\x7f-\uffff]+$/

const literal = (text: string): string => {
  const bytes = Buffer.from(text, 'utf8')
  return `{${bytes.length}}\r\n${bytes.toString('latin1')}`
}

const quote = (text: string): string => `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`

/** A `string`: quoted, or a literal of its UTF-8 octets. Like all that is written, one character is one octet. */
export const string = (text: string): string => (plain.test(text) ? quote(text) : literal(text))

/** A `string` always as a literal. */
export const literalString = literal

/** An `astring`: bare where it can be. */
export const astring = (text: string): string => (atom.test(text) && text.toUpperCase() !== 'NIL' ? text : string(text))

/** A string whose characters are octets already (Latin-1), as header fields are read. */
export const octets = (latin1: string): string =>
  plain.test(latin1) ? quote(latin1) : `{${latin1.length}}\r\n${latin1}`

export const noctets = (latin1: string | null | undefined): string =>
  latin1 === null || latin1 === undefined ? 'NIL' : octets(latin1)
