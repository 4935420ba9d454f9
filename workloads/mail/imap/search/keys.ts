/**
 * Search keys (RFC 3501 §6.4.4; MODSEQ: RFC 7162 §3.1.5) as a tree.
 *
 *   search     = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)
 *   search-key = "ALL" / "ANSWERED" / … / "OR" SP search-key SP search-key / sequence-set / "(" search-key *(SP …) ")"
 */
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { parseDate } from '../syntax/date.ts'
import { parseFlag } from '../syntax/flags.ts'
import { parseSequenceSet, type SequenceSet } from '../syntax/sequence-set.ts'

export type Key =
  | { kind: 'all' | 'never' }
  | { kind: 'flag'; flag: string; set: boolean }
  | { kind: 'header'; name: string; text: string }
  | { kind: 'body' | 'text'; text: string }
  | { kind: 'received' | 'sent'; from: number; to: number }
  | { kind: 'size'; from: number; to: number }
  | { kind: 'sequence' | 'uid'; set: SequenceSet }
  | { kind: 'modseq'; from: number }
  | { kind: 'not'; key: Key }
  | { kind: 'or'; keys: readonly [Key, Key] }
  | { kind: 'and'; keys: readonly Key[] }

export const dayMs = 86_400_000
const maxDepth = 32
const maxKeys = 500
/** Each looks through whole messages, megabytes of them. */
const maxContentKeys = 16

type Parse = (cursor: Cursor, nested: () => Key) => Key

const flag =
  (name: string, set: boolean): Parse =>
  () => ({ kind: 'flag', flag: name, set })

const keyword =
  (set: boolean): Parse =>
  (cursor) => {
    cursor.space()
    return { kind: 'flag', flag: parseFlag(cursor), set }
  }

const text =
  (make: (text: string) => Key): Parse =>
  (cursor) => {
    cursor.space()
    return make(cursor.astring('a string'))
  }

const field = (name: string): Parse => text((wanted) => ({ kind: 'header', name, text: wanted }))

const span = { before: [-Infinity, 0], on: [0, 1], since: [0, Infinity] } as const

/** From midnight UTC of the date: `before` is up to it, `on` its day, `since` from it. */
const date =
  (kind: 'received' | 'sent', when: keyof typeof span): Parse =>
  (cursor) => {
    cursor.space()
    const day = parseDate(cursor)
    const [from, to] = span[when]
    return { kind, from: day + from * dayMs, to: when === 'before' ? day : day + to * dayMs }
  }

const size =
  (range: (size: number) => { from: number; to: number }): Parse =>
  (cursor) => {
    cursor.space()
    return { kind: 'size', ...range(cursor.number('a size')) }
  }

const header: Parse = (cursor) => {
  cursor.space()
  const name = cursor.astring('a header field name').toLowerCase()
  cursor.space()
  return { kind: 'header', name, text: cursor.astring('a string') }
}

/** `MODSEQ [entry-name SP entry-type] SP mod-sequence`: entries are all one here. */
const modseq: Parse = (cursor) => {
  cursor.space()
  if (cursor.peek === '"') {
    cursor.astring('an entry name')
    cursor.space()
    cursor.keyword('an entry type')
    cursor.space()
  }
  return { kind: 'modseq', from: cursor.number64('a mod-sequence') }
}

const not: Parse = (cursor, nested) => {
  cursor.space()
  return { kind: 'not', key: nested() }
}

const or: Parse = (cursor, nested) => {
  cursor.space()
  const first = nested()
  cursor.space()
  return { kind: 'or', keys: [first, nested()] }
}

const uid: Parse = (cursor) => {
  cursor.space()
  return { kind: 'uid', set: parseSequenceSet(cursor) }
}

const keys = new Map<string, Parse>([
  ['ALL', () => ({ kind: 'all' })],
  ['ANSWERED', flag('\\Answered', true)],
  ['BCC', field('bcc')],
  ['BEFORE', date('received', 'before')],
  ['BODY', text((wanted) => ({ kind: 'body', text: wanted }))],
  ['CC', field('cc')],
  ['DELETED', flag('\\Deleted', true)],
  ['DRAFT', flag('\\Draft', true)],
  ['FLAGGED', flag('\\Flagged', true)],
  ['FROM', field('from')],
  ['HEADER', header],
  ['KEYWORD', keyword(true)],
  ['LARGER', size((than) => ({ from: than + 1, to: Number.POSITIVE_INFINITY }))],
  ['MODSEQ', modseq],
  // No message is recent: that flag went out of use with RFC 9051.
  ['NEW', () => ({ kind: 'never' })],
  ['NOT', not],
  ['OLD', () => ({ kind: 'all' })],
  ['ON', date('received', 'on')],
  ['OR', or],
  ['RECENT', () => ({ kind: 'never' })],
  ['SEEN', flag('\\Seen', true)],
  ['SENTBEFORE', date('sent', 'before')],
  ['SENTON', date('sent', 'on')],
  ['SENTSINCE', date('sent', 'since')],
  ['SINCE', date('received', 'since')],
  ['SMALLER', size((than) => ({ from: 0, to: than }))],
  ['SUBJECT', field('subject')],
  ['TEXT', text((wanted) => ({ kind: 'text', text: wanted }))],
  ['TO', field('to')],
  ['UID', uid],
  ['UNANSWERED', flag('\\Answered', false)],
  ['UNDELETED', flag('\\Deleted', false)],
  ['UNDRAFT', flag('\\Draft', false)],
  ['UNFLAGGED', flag('\\Flagged', false)],
  ['UNKEYWORD', keyword(false)],
  ['UNSEEN', flag('\\Seen', false)],
])

class KeyParser {
  #cursor: Cursor
  #depth = 0
  #count = 0

  constructor(cursor: Cursor) {
    this.#cursor = cursor
  }

  key(): Key {
    this.#depth++
    if (this.#depth > maxDepth || ++this.#count > maxKeys) throw new SyntaxProblem('a simpler search was expected')
    const key = this.#one()
    this.#depth--
    return key
  }

  #one(): Key {
    const cursor = this.#cursor
    if (cursor.peek === '(') return this.#all(cursor.list(() => this.key()))
    if (/[\d*]/.test(cursor.peek)) return { kind: 'sequence', set: parseSequenceSet(cursor) }
    const parse = keys.get(cursor.keyword('a search key'))
    if (!parse) throw new SyntaxProblem('a known search key was expected')
    return parse(cursor, () => this.key())
  }

  #all(list: Key[]): Key {
    if (list.length === 0) throw new SyntaxProblem('a search key was expected')
    return list.length === 1 ? list[0]! : { kind: 'and', keys: list }
  }

  top(): Key {
    const list = [this.key()]
    while (!this.#cursor.atEnd) {
      this.#cursor.space()
      list.push(this.key())
    }
    return this.#all(list)
  }
}

/** All keys up to the end, of which every one must hold. @throws SyntaxProblem */
export const parseSearchKeys = (cursor: Cursor): Key => {
  const key = new KeyParser(cursor).top()
  if (walk(key).filter(readsContent).length > maxContentKeys) throw new SyntaxProblem('a simpler search was expected')
  return key
}

const readsContent = ({ kind }: Key): boolean => kind === 'body' || kind === 'text'

/** All keys of a tree, itself included. */
export const walk = (key: Key): Key[] => {
  if (key.kind === 'not') return [key, ...walk(key.key)]
  return key.kind === 'or' || key.kind === 'and' ? [key, ...key.keys.flatMap(walk)] : [key]
}
