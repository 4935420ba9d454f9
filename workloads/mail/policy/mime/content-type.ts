/**
 * Content-Type (RFC 2045 §5.1), strictly: what two readers could understand differently is not understood at all.
 *
 *     content   = type "/" subtype *(";" attribute "=" value)
 *     value     = token / quoted-string        ; RFC 2231 continuations are refused, a parameter may stand once
 */

export type ContentType = { type: string; parameters: ReadonlyMap<string, string> }

/** Letters of a token: printable ASCII but space and tspecials. */
const token = /[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+/y
const quoted = /"((?:[^"\\]|\\.)*)"/y
const blank = /[ \t]*/y

class Reader {
  #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** What the sticky `pattern` matches here (its first group, or all of it), or null; moves past it. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (!match) return null
    this.#at = pattern.lastIndex
    return match[1] ?? match[0]
  }

  /** Moves past blanks and the character, where it is next. */
  skip(character: string): boolean {
    this.take(blank)
    if (this.#text[this.#at] !== character) return false
    this.#at++
    this.take(blank)
    return true
  }

  get atEnd(): boolean {
    this.take(blank)
    return this.#at === this.#text.length
  }
}

const readValue = (reader: Reader): string | null => {
  const text = reader.take(quoted)
  return text === null ? reader.take(token) : text.replace(/\\(.)/g, '$1')
}

const readParameters = (reader: Reader): Map<string, string> | null => {
  const parameters = new Map<string, string>()
  while (!reader.atEnd) {
    if (!reader.skip(';')) return null
    if (reader.atEnd) break
    const name = reader.take(token)?.toLowerCase()
    if (!name || name.includes('*') || parameters.has(name) || !reader.skip('=')) return null
    const value = readValue(reader)
    if (value === null) return null
    parameters.set(name, value)
  }
  return parameters
}

/** The parsed value, type and parameter names in lower case; null where it is malformed. */
export const parseContentType = (value: string): ContentType | null => {
  const reader = new Reader(value)
  const type = reader.take(token)
  if (!type || !reader.skip('/')) return null
  const subtype = reader.take(token)
  const parameters = subtype && readParameters(reader)
  return parameters ? { type: `${type}/${subtype}`.toLowerCase(), parameters } : null
}
