/**
 * GETMETADATA and SETMETADATA (RFC 5464 §4.2, §4.3). The server has entries of its own (mailbox `""`); a client may leave
 * a push token, which nobody can read back.
 *
 *   getmetadata = "GETMETADATA" [SP options] SP mailbox SP (entry / "(" entry *(SP entry) ")")
 *   setmetadata = "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")"
 *   options     = "(" ("MAXSIZE" SP number / "DEPTH" SP ("0" / "1" / "infinity")) *(SP …) ")"
 */
import { findMailbox, noSuchMailbox } from '../mailboxes/find.ts'
import { command, loggedIn } from '../session/command.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { astring, literalString, string } from '../wire/encode.ts'

const deviceToken = '/private/devicetoken'
/** Stock clients promise at most 4096 octets. */
const maxTokenLength = 8192
const maxEntries = 100
const dayMs = 86_400_000

type Get = { mailbox: string; entries: string[]; maxSize: number }
type Set = { mailbox: string; values: { entry: string; value: string | null }[] }

const entryPattern = /^\/(?:private|shared)(?:\/[^\x00-\x1f/%*\x7f-\uffff]+)+$/i

const parseEntry = (cursor: Cursor): string => {
  const entry = cursor.astring('an entry')
  if (!entryPattern.test(entry)) throw new SyntaxProblem('an entry below /private or /shared was expected')
  return entry
}

const parseOption = (cursor: Cursor): number => {
  const name = cursor.keyword('an option')
  cursor.space()
  if (name === 'MAXSIZE') return cursor.number('a size')
  if (name !== 'DEPTH' || !['0', '1', 'INFINITY'].includes(cursor.keyword('a depth')))
    throw new SyntaxProblem('MAXSIZE or DEPTH was expected')
  return Number.POSITIVE_INFINITY
}

const bounded = <T>(items: T[]): T[] => {
  if (items.length > maxEntries) throw new SyntaxProblem('fewer entries were expected')
  return items
}

const parseGet = (cursor: Cursor): Get => {
  const options = cursor.peek === '(' ? cursor.list(parseOption) : []
  if (options.length > 0) cursor.space()
  const mailbox = cursor.astring('a mailbox')
  cursor.space()
  const entries = cursor.peek === '(' ? bounded(cursor.list(parseEntry)) : [parseEntry(cursor)]
  cursor.end()
  return { mailbox, entries, maxSize: Math.min(...options, Number.POSITIVE_INFINITY) }
}

const parsePair = (cursor: Cursor): { entry: string; value: string | null } => {
  const entry = parseEntry(cursor)
  cursor.space()
  return { entry, value: cursor.nstring('a value') }
}

const parseSet = (cursor: Cursor): Set => {
  const mailbox = cursor.astring('a mailbox')
  cursor.space()
  const values = bounded(cursor.list(parsePair))
  cursor.end()
  return { mailbox, values }
}

/** Values go as literals, as the wide-spread server does that test suites of the field are written against. */
const get = async (session: Session, { mailbox, entries, maxSize }: Get): Promise<Reply> => {
  if (mailbox !== '' && !(await findMailbox(session, mailbox))) return noSuchMailbox
  const { metadata } = session.services
  const values = entries.map((entry) => ({
    entry,
    value: mailbox === '' ? metadata(session.accountId, entry.toLowerCase()) : null,
  }))
  const sizes = values.map(({ value }) => Buffer.byteLength(value ?? ''))
  const fitting = values.filter((_, index) => sizes[index]! <= maxSize)
  const pairs = fitting.map(({ entry, value }) => `${astring(entry)} ${value === null ? 'NIL' : literalString(value)}`)
  if (pairs.length > 0) session.output.line(`* METADATA ${string(mailbox)} (${pairs.join(' ')})`)
  const longest = Math.max(0, ...sizes)
  return ok('Getmetadata completed', longest > maxSize ? `METADATA LONGENTRIES ${longest}` : null)
}

const isToken = (value: string): boolean => value.length <= maxTokenLength && /^[\x20-\x7e]+$/.test(value)

const set = async (session: Session, { mailbox, values }: Set): Promise<Reply> => {
  if (mailbox.toUpperCase() !== 'INBOX' || values.some(({ entry }) => entry.toLowerCase() !== deviceToken))
    return no('NOPERM', `Only ${deviceToken} of INBOX can be set`)
  const tokens = values.map(({ value }) => value)
  if (!tokens.every((token) => token !== null && isToken(token)))
    return no(`METADATA MAXSIZE ${maxTokenLength}`, 'A token of printable characters was expected')
  const { store, clock } = session.services
  const day = Math.floor(clock() / dayMs)
  for (const token of tokens) await store.deviceTokens.add(session.accountId, token!, day)
  return ok('Setmetadata completed')
}

export const getMetadata = command({ name: 'GETMETADATA', states: loggedIn, parse: parseGet, run: get })
export const setMetadata = command({ name: 'SETMETADATA', states: loggedIn, parse: parseSet, run: set })
