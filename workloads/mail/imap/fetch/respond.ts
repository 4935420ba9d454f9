/** One `* n FETCH (…)` response (RFC 3501 §7.4.2). */
import type { MessageContent } from '../../store/store.ts'
import { formatDateTime } from '../syntax/date.ts'
import type { Output } from '../wire/output.ts'
import { bodyStructure } from './bodystructure.ts'
import { envelope } from './envelope.ts'
import { readFields } from './header.ts'
import type { FetchItem, PlainItem, SectionItem } from './items.ts'
import { Readable, readSection } from './section.ts'

export type Want = 'summary' | 'header' | 'content'

const headerOnly = ({ section: { part, what } }: SectionItem): boolean =>
  part.length === 0 && (what === 'header' || typeof what === 'object')

const needs = (item: FetchItem): Want => {
  if (item.kind === 'section') return headerOnly(item) ? 'header' : 'content'
  if (item.kind === 'envelope') return 'header'
  return item.kind === 'body' || item.kind === 'bodystructure' ? 'content' : 'summary'
}

/** How much of each message must be read for these items. */
export const wantOf = (items: readonly FetchItem[]): Want => {
  const wants = items.map(needs)
  return wants.includes('content') ? 'content' : wants.includes('header') ? 'header' : 'summary'
}

/** True when fetching these items marks the message as seen. */
export const marksSeen = (items: readonly FetchItem[]): boolean =>
  items.some((item) => item.kind === 'section' && !item.peek)

const plain: Record<PlainItem['kind'], (readable: Readable) => string> = {
  uid: ({ message }) => `UID ${message.uid}`,
  flags: ({ message }) => `FLAGS (${message.flags.join(' ')})`,
  internaldate: ({ message }) => `INTERNALDATE "${formatDateTime(message.receivedAt)}"`,
  size: ({ message }) => `RFC822.SIZE ${message.size}`,
  modseq: ({ message }) => `MODSEQ (${message.modseq})`,
  envelope: (readable) => `ENVELOPE ${envelope(readFields(readable.header.toString('latin1')))}`,
  body: (readable) => `BODY ${bodyStructure(readable.content, readable.root, false)}`,
  bodystructure: (readable) => `BODYSTRUCTURE ${bodyStructure(readable.content, readable.root, true)}`,
}

const writeSection = (output: Output, readable: Readable, item: SectionItem): void => {
  const octets = readSection(readable, item)
  output.text(octets === null ? `${item.label} NIL` : `${item.label} {${octets.length}}\r\n`)
  if (typeof octets === 'string') output.text(octets)
  else if (octets && octets.length > 0) output.bytes(octets)
}

/** Writes the response for one message. */
export const writeMessage = (
  output: Output,
  sequence: number,
  message: MessageContent,
  items: readonly FetchItem[],
): void => {
  const readable = new Readable(message)
  let separator = `* ${sequence} FETCH (`
  for (const item of items) {
    output.text(separator)
    if (item.kind === 'section') writeSection(output, readable, item)
    else output.text(plain[item.kind](readable))
    separator = ' '
  }
  output.text(')\r\n')
}
