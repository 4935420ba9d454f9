/** Does a message match a search key? (RFC 3501 §6.4.4) */
import type { UidRange } from '../../store/store.ts'
import { fieldValues, readFields } from '../fetch/header.ts'
import type { Want } from '../fetch/respond.ts'
import type { Readable } from '../fetch/section.ts'
import { resolveSet } from '../syntax/sequence-set.ts'
import { dayMs, type Key, walk } from './keys.ts'
import { bodyHolds, headerText } from './text.ts'

export type Candidate = { readable: Readable; sequence: number }

export type Matcher = (candidate: Candidate) => boolean

/** Numbers that `*` stands for. */
export type Highest = { sequence: number; uid: number }

/** How much of each message must be read to judge it. */
export const wantOf = (key: Key): Want => {
  const kinds = new Set(walk(key).map(({ kind }) => kind))
  if (kinds.has('body') || kinds.has('text')) return 'content'
  return kinds.has('header') || kinds.has('sent') ? 'header' : 'summary'
}

const within = (ranges: readonly UidRange[], number: number): boolean =>
  ranges.some(({ from, to }) => from <= number && number <= to)

const sameFlag = (flags: readonly string[], wanted: string): boolean =>
  flags.some((flag) => flag.toLowerCase() === wanted)

/** Midnight UTC of the day that the Date field names, whatever its zone. */
const sentDay = (header: string): number => {
  const date = readFields(header)
    .get('date')
    ?.replace(/\([^()]*\)/g, '')
  const day = date && /\d{1,2}\s+[a-z]{3}\s+\d{4}/i.exec(date)?.[0]
  const time = day ? Date.parse(`${day} 00:00:00 UTC`) : Number.NaN
  return Number.isNaN(time) ? Number.NaN : Math.floor(time / dayMs) * dayMs
}

const headerMatcher = (name: string, text: string): Matcher => {
  const wanted = text.toLowerCase()
  return ({ readable }) =>
    fieldValues(readable.header.toString('latin1'), name).some((value) => headerText(value).includes(wanted))
}

const bodyMatcher = (text: string, withHeader: boolean): Matcher => {
  const wanted = text.toLowerCase()
  return ({ readable }) =>
    (withHeader && headerText(readable.header.toString('latin1')).includes(wanted)) ||
    bodyHolds(readable, readable.root, wanted)
}

/** Compiles a key, so that what is the same for all messages is worked out once. */
export const matcher = (key: Key, highest: Highest): Matcher => {
  switch (key.kind) {
    case 'all':
      return () => true
    case 'never':
      return () => false
    case 'flag': {
      const wanted = key.flag.toLowerCase()
      return ({ readable }) => sameFlag(readable.message.flags, wanted) === key.set
    }
    case 'header':
      return headerMatcher(key.name, key.text)
    case 'body':
    case 'text':
      return bodyMatcher(key.text, key.kind === 'text')
    case 'received':
      return ({ readable }) => readable.message.receivedAt >= key.from && readable.message.receivedAt < key.to
    case 'sent':
      return ({ readable }) => {
        const day = sentDay(readable.header.toString('latin1'))
        return day >= key.from && day < key.to
      }
    case 'size':
      return ({ readable }) => readable.message.size >= key.from && readable.message.size < key.to
    case 'modseq':
      return ({ readable }) => readable.message.modseq >= key.from
    case 'sequence': {
      const ranges = resolveSet(key.set, highest.sequence)
      return ({ sequence }) => within(ranges, sequence)
    }
    case 'uid': {
      const ranges = resolveSet(key.set, highest.uid)
      return ({ readable }) => within(ranges, readable.message.uid)
    }
    case 'not': {
      const inner = matcher(key.key, highest)
      return (candidate) => !inner(candidate)
    }
    case 'or': {
      const [first, second] = key.keys.map((each) => matcher(each, highest)) as [Matcher, Matcher]
      return (candidate) => first(candidate) || second(candidate)
    }
    case 'and': {
      const all = key.keys.map((each) => matcher(each, highest))
      return (candidate) => all.every((each) => each(candidate))
    }
  }
}
