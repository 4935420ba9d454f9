/**
 * Structured MIME fields (RFC 2045 §5.1, RFC 2183 §2): a value and its parameters.
 *
 *   field = value *(";" attribute "=" (token / quoted-string))
 */

export type Structured = { value: string; parameters: readonly (readonly [string, string])[] }

const parameterPattern = /;\s*([^\s=;"()]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s;"()]*))/gs
const commentPattern = /\((?:[^()\\]|\\.)*\)/g
const maxParameters = 50

const withoutComments = (text: string): string => (text.includes('"') ? text : text.replace(commentPattern, ''))

/** Parses an unfolded field value. Attribute names come in capitals as clients expect them; broken parts are left out. */
export const parseStructured = (text: string): Structured => {
  const clean = withoutComments(text)
  const parameters: [string, string][] = []
  for (const match of clean.matchAll(parameterPattern)) {
    if (parameters.length === maxParameters) break
    const value = match[2] === undefined ? match[3]! : match[2].replace(/\\(.)/gs, '$1')
    parameters.push([match[1]!.toUpperCase(), value])
  }
  return { value: clean.split(';', 1)[0]!.trim(), parameters }
}

export const parameter = ({ parameters }: Structured, name: string): string | undefined =>
  parameters.find(([attribute]) => attribute === name)?.[1]
