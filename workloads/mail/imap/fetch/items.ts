/**
 * The attributes of FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).
 *
 *   fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822" [".HEADER" / ".SIZE" / ".TEXT"] / "BODY" ["STRUCTURE"] /
 *               "UID" / "MODSEQ" / "BODY" [".PEEK"] section ["<" number "." nz-number ">"]
 *   section   = "[" [section-text / (nz-number *("." nz-number) ["." (section-text / "MIME")])] "]"
 */
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { astring } from '../wire/encode.ts'

export type HeaderFields = { names: ReadonlySet<string>; not: boolean }

export type Section = {
  /** Part numbers, outermost first; empty for the message itself. */
  part: readonly number[]
  what: 'all' | 'header' | 'text' | 'mime' | HeaderFields
}

export type Partial = { offset: number; length: number }

export type SectionItem = { kind: 'section'; label: string; section: Section; partial: Partial | null; peek: boolean }
export type PlainItem = {
  kind: 'uid' | 'flags' | 'internaldate' | 'size' | 'envelope' | 'body' | 'bodystructure' | 'modseq'
}
export type FetchItem = PlainItem | SectionItem

const whole = (label: string, what: 'all' | 'header' | 'text', peek: boolean): SectionItem => ({
  kind: 'section',
  label,
  section: { part: [], what },
  partial: null,
  peek,
})

const attributes = new Map<string, readonly FetchItem[]>([
  ['UID', [{ kind: 'uid' }]],
  ['FLAGS', [{ kind: 'flags' }]],
  ['INTERNALDATE', [{ kind: 'internaldate' }]],
  ['RFC822.SIZE', [{ kind: 'size' }]],
  ['ENVELOPE', [{ kind: 'envelope' }]],
  ['BODY', [{ kind: 'body' }]],
  ['BODYSTRUCTURE', [{ kind: 'bodystructure' }]],
  ['MODSEQ', [{ kind: 'modseq' }]],
  ['RFC822', [whole('RFC822', 'all', false)]],
  ['RFC822.HEADER', [whole('RFC822.HEADER', 'header', true)]],
  ['RFC822.TEXT', [whole('RFC822.TEXT', 'text', false)]],
])

const fast: readonly FetchItem[] = [{ kind: 'flags' }, { kind: 'internaldate' }, { kind: 'size' }]
const all: readonly FetchItem[] = [...fast, { kind: 'envelope' }]
const macros = new Map<string, readonly FetchItem[]>([
  ['FAST', fast],
  ['ALL', all],
  ['FULL', [...all, { kind: 'body' }]],
])

const maxDepth = 32
const maxItems = 100
const wordPattern = /[A-Za-z0-9.]+/y
const sectionPattern = /[A-Za-z0-9.]*/y
const partialPattern = /<(\d{1,10}\.\d{1,10})>/y

const texts = new Map<string, Section['what']>([
  ['', 'all'],
  ['HEADER', 'header'],
  ['TEXT', 'text'],
  ['MIME', 'mime'],
])

const parseFields = (cursor: Cursor, not: boolean): { what: HeaderFields; label: string } => {
  cursor.space()
  const names = cursor.list((each) => each.astring('a header field name'))
  if (names.length === 0) throw new SyntaxProblem('a header field name was expected')
  const label = `HEADER.FIELDS${not ? '.NOT' : ''} (${names.map(astring).join(' ')})`
  return { what: { names: new Set(names.map((name) => name.toLowerCase())), not }, label }
}

const parseText = (cursor: Cursor, name: string): { what: Section['what']; label: string } => {
  if (name === 'HEADER.FIELDS' || name === 'HEADER.FIELDS.NOT') return parseFields(cursor, name.endsWith('NOT'))
  const what = texts.get(name)
  if (!what) throw new SyntaxProblem('a section was expected')
  return { what, label: name }
}

const parseSection = (cursor: Cursor): { section: Section; label: string } => {
  const words = cursor.match(sectionPattern, 'a section').split('.')
  const digits = words.findIndex((word) => !/^[1-9]\d{0,8}$/.test(word))
  const numbers = digits < 0 ? words : words.slice(0, digits)
  if (numbers.length > maxDepth) throw new SyntaxProblem('fewer part numbers were expected')
  const name = words.slice(numbers.length).join('.').toUpperCase()
  if (name === '' && words.length !== Math.max(1, numbers.length)) throw new SyntaxProblem('a section was expected')
  const { what, label } = parseText(cursor, name)
  if (what === 'mime' && numbers.length === 0) throw new SyntaxProblem('MIME needs a part number')
  cursor.expect(']')
  return { section: { part: numbers.map(Number), what }, label: [...numbers, label].filter(Boolean).join('.') }
}

const parsePartial = (cursor: Cursor): Partial | null => {
  if (cursor.peek !== '<') return null
  const [offset, length] = cursor.match(partialPattern, 'a partial range').split('.').map(Number) as [number, number]
  if (length === 0) throw new SyntaxProblem('a length above 0 was expected')
  return { offset, length }
}

const parseBody = (cursor: Cursor, peek: boolean): SectionItem => {
  const { section, label } = parseSection(cursor)
  const partial = parsePartial(cursor)
  return { kind: 'section', label: `BODY[${label}]${partial ? `<${partial.offset}>` : ''}`, section, partial, peek }
}

const parseItem = (cursor: Cursor): readonly FetchItem[] => {
  const word = cursor.match(wordPattern, 'a fetch attribute').toUpperCase()
  if ((word === 'BODY' || word === 'BODY.PEEK') && cursor.take('[')) return [parseBody(cursor, word === 'BODY.PEEK')]
  const items = attributes.get(word)
  if (!items) throw new SyntaxProblem('a known fetch attribute was expected')
  return items
}

const parseMacroOrItem = (cursor: Cursor): readonly FetchItem[] => {
  for (const [name, items] of macros) if (cursor.take(name)) return items
  return parseItem(cursor)
}

const identity = (item: FetchItem): string => (item.kind === 'section' ? item.label : item.kind)

/** A macro, one attribute or a list of them; each once. @throws SyntaxProblem */
export const parseFetchItems = (cursor: Cursor): FetchItem[] => {
  const items = cursor.peek === '(' ? cursor.list(parseItem).flat() : [...parseMacroOrItem(cursor)]
  if (items.length === 0 || items.length > maxItems) throw new SyntaxProblem('one to 100 attributes were expected')
  return [...new Map(items.map((item) => [identity(item), item])).values()]
}
