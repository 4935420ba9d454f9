/** The octets of a BODY section (RFC 3501 §6.4.5). */
import type { MessageContent } from '../../store/store.ts'
import { bodyStart, filterHeader } from './header.ts'
import type { Partial, Section, SectionItem } from './items.ts'
import { findPart, type Part, parseMime } from './mime.ts'

/** One message while its items are answered; what several of them need is worked out once. */
export class Readable {
  readonly message: MessageContent
  #root: Part | null = null
  #texts: Map<Part, string> | null = null

  constructor(message: MessageContent) {
    this.message = message
  }

  get content(): Buffer {
    return this.message.content ?? this.header
  }

  /** The header with its empty line. */
  get header(): Buffer {
    const { header, content } = this.message
    return header ?? content!.subarray(0, bodyStart(content!))
  }

  get root(): Part {
    this.#root ??= parseMime(this.content)
    return this.#root
  }

  /** The text that `decode` makes of a part, which is asked once a part. */
  textOf(part: Part, decode: (content: Buffer, part: Part) => string): string {
    this.#texts ??= new Map()
    const text = this.#texts.get(part) ?? decode(this.content, part)
    this.#texts.set(part, text)
    return text
  }
}

/** Bytes, or Latin-1 text where text is what it was made as. */
type Octets = Buffer | string

const messageSection = (readable: Readable, what: Section['what']): Octets | null => {
  if (what === 'all') return readable.content
  if (what === 'header') return readable.header
  if (what === 'text') return readable.content.subarray(readable.header.length)
  return what === 'mime' ? null : filterHeader(readable.header.toString('latin1'), what)
}

const partSection = (readable: Readable, { part: numbers, what }: Section): Octets | null => {
  const part = findPart(readable.root, numbers)
  if (!part) return null
  const { content } = readable
  if (what === 'all') return content.subarray(part.body, part.end)
  if (what === 'mime') return content.subarray(part.start, part.body)
  if (!part.message) return null
  const { start, body, end } = part.message
  if (what === 'header') return content.subarray(start, body)
  return what === 'text' ? content.subarray(body, end) : filterHeader(content.toString('latin1', start, body), what)
}

const cut = (octets: Octets, { offset, length }: Partial): Octets =>
  typeof octets === 'string' ? octets.slice(offset, offset + length) : octets.subarray(offset, offset + length)

/** The section's octets, or null where the message has no such part. */
export const readSection = (readable: Readable, { section, partial }: SectionItem): Octets | null => {
  const octets = section.part.length === 0 ? messageSection(readable, section.what) : partSection(readable, section)
  return octets !== null && partial ? cut(octets, partial) : octets
}
