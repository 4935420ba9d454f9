/**
 * BODY and BODYSTRUCTURE (RFC 3501 §7.4.2); the latter has the extension data.
 *
 *   body = "(" (body-type-1part / body-type-mpart) ")"
 */
import { noctets, octets } from '../wire/encode.ts'
import { envelope } from './envelope.ts'
import type { Part } from './mime.ts'
import { parseStructured, type Structured } from './parameters.ts'

const parameters = ({ parameters: list }: Structured): string =>
  list.length === 0 ? 'NIL' : `(${list.map(([name, value]) => `${octets(name)} ${octets(value)}`).join(' ')})`

const disposition = (part: Part): string => {
  const field = part.fields.get('content-disposition')
  if (!field) return 'NIL'
  const structured = parseStructured(field)
  return `(${octets(structured.value.toUpperCase())} ${parameters(structured)})`
}

const language = (part: Part): string => {
  const tags = (part.fields.get('content-language') ?? '').split(',').map((tag) => tag.trim())
  const known = tags.filter(Boolean)
  return known.length === 0 ? 'NIL' : `(${known.map(octets).join(' ')})`
}

const tail = (part: Part): string =>
  `${disposition(part)} ${language(part)} ${noctets(part.fields.get('content-location'))}`

const lines = (content: Buffer, { body, end }: Part): number => {
  let count = 0
  for (let at = content.indexOf(10, body); at >= 0 && at < end; at = content.indexOf(10, at + 1)) count++
  return count
}

const single = (content: Buffer, part: Part, extended: boolean): string => {
  const { fields } = part
  const words = [
    octets(part.type),
    octets(part.subtype),
    parameters(part.contentType),
    noctets(fields.get('content-id')),
    noctets(fields.get('content-description')),
    octets((fields.get('content-transfer-encoding') ?? '7bit').toUpperCase()),
    String(part.end - part.body),
  ]
  if (part.message)
    words.push(
      envelope(part.message.fields),
      bodyStructure(content, part.message, extended),
      String(lines(content, part)),
    )
  else if (part.type === 'TEXT') words.push(String(lines(content, part)))
  if (extended) words.push(noctets(fields.get('content-md5')), tail(part))
  return `(${words.join(' ')})`
}

const multiple = (content: Buffer, part: Part, extended: boolean): string => {
  const children = part.children.map((child) => bodyStructure(content, child, extended)).join('')
  const extension = extended ? ` ${parameters(part.contentType)} ${tail(part)}` : ''
  return `(${children} ${octets(part.subtype)}${extension})`
}

/** The structure of a part and all below it. */
export const bodyStructure = (content: Buffer, part: Part, extended: boolean): string =>
  part.children.length > 0 ? multiple(content, part, extended) : single(content, part, extended)
