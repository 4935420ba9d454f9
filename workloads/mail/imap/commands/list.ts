/**
 * LIST (RFC 3501 §6.3.8, extended by RFC 5258, RFC 5819, RFC 6154) and LSUB (RFC 3501 §6.3.9).
 *
 *   list = "LIST" [SP "(" [select-opt *(SP select-opt)] ")"] SP mailbox SP (list-mailbox / "(" list-mailbox *(SP …) ")")
 *          [SP "RETURN" SP "(" [return-opt *(SP return-opt)] ")"]
 */
import type { Mailbox } from '../../store/store.ts'
import { delimiter, encodeName } from '../mailboxes/name.ts'
import { matchesPattern } from '../mailboxes/pattern.ts'
import { parseStatusItems, writeStatus } from '../mailboxes/status.ts'
import { command, loggedIn } from '../session/command.ts'
import { ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { slices } from '../session/turn.ts'
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { string } from '../wire/encode.ts'

type Arguments = {
  select: ReadonlySet<string>
  /** With the reference before each; empty ones ask for the delimiter. */
  patterns: string[]
  return: ReadonlySet<string>
  status: string[]
}

const selectOptions = ['SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE']
const returnOptions = ['SUBSCRIBED', 'CHILDREN', 'SPECIAL-USE', 'STATUS']
const maxPatterns = 20
const maxPatternLength = 1000
/** Each multiplies the ways in which a name can match. */
const maxWildcards = 20

const parseOption = (cursor: Cursor, known: readonly string[]): string => {
  const option = cursor.keyword('an option')
  if (!known.includes(option)) throw new SyntaxProblem('a known option was expected')
  return option
}

const isTooComplex = (pattern: string): boolean =>
  pattern.length > maxPatternLength || pattern.replace(/[^*%]/g, '').length > maxWildcards

/** Reference and patterns; each pattern with the reference before it, an empty one empty. */
const parsePatterns = (cursor: Cursor): string[] => {
  const reference = cursor.astring('a reference')
  cursor.space()
  const patterns = cursor.peek === '(' ? cursor.list((each) => each.listMailbox()) : [cursor.listMailbox()]
  const whole = patterns.map((pattern) => (pattern === '' ? '' : reference + pattern))
  if (whole.length > maxPatterns || whole.some(isTooComplex))
    throw new SyntaxProblem('fewer or simpler patterns were expected')
  return whole
}

const parseReturn = (cursor: Cursor): Pick<Arguments, 'return' | 'status'> => {
  const status: string[] = []
  if (!cursor.take(' ')) return { return: new Set(), status }
  cursor.expect('RETURN ')
  const options = cursor.list((each) => {
    const option = parseOption(each, returnOptions)
    if (option !== 'STATUS') return option
    each.space()
    status.push(...parseStatusItems(each))
    return option
  })
  return { return: new Set(options), status }
}

const parse = (cursor: Cursor): Arguments => {
  const select = cursor.peek === '(' ? cursor.list((each) => parseOption(each, selectOptions)) : null
  if (select) cursor.space()
  const patterns = parsePatterns(cursor)
  const rest = parseReturn(cursor)
  cursor.end()
  return { select: new Set(select ?? []), patterns, ...rest }
}

const selects = ({ select }: Arguments, mailbox: Mailbox): boolean =>
  (!select.has('SUBSCRIBED') || mailbox.subscribed) && (!select.has('SPECIAL-USE') || mailbox.specialUse !== null)

const hasChildren = (all: readonly Mailbox[], { name }: Mailbox): boolean =>
  all.some((other) => other.name.startsWith(name + delimiter))

const attributes = (args: Arguments, all: readonly Mailbox[], mailbox: Mailbox): string => {
  const words = [hasChildren(all, mailbox) ? '\\HasChildren' : '\\HasNoChildren']
  if (mailbox.subscribed && (args.select.has('SUBSCRIBED') || args.return.has('SUBSCRIBED'))) words.push('\\Subscribed')
  if (mailbox.specialUse) words.push(mailbox.specialUse)
  return words.join(' ')
}

/** Patterns are matched as clients write them: in modified UTF-7, whose letters are those of the name on the wire. */
const matching = async (all: readonly Mailbox[], patterns: readonly string[]): Promise<Mailbox[]> => {
  const slice = slices()
  const found: Mailbox[] = []
  for (const mailbox of all) {
    const others = slice()
    if (others) await others
    const name = encodeName(mailbox.name)
    if (patterns.some((pattern) => matchesPattern(pattern, name))) found.push(mailbox)
  }
  return found
}

const list = async (session: Session, args: Arguments): Promise<Reply> => {
  if (args.patterns.every((pattern) => pattern === '')) {
    session.output.line(`* LIST (\\Noselect) "${delimiter}" ""`)
    return ok('List completed')
  }
  const all = await session.services.store.mailboxes.list(session.accountId)
  for (const mailbox of (await matching(all, args.patterns)).filter((each) => selects(args, each))) {
    const name = string(encodeName(mailbox.name))
    session.output.line(`* LIST (${attributes(args, all, mailbox)}) "${delimiter}" ${name}`)
    if (args.status.length > 0) await writeStatus(session, mailbox, args.status)
  }
  return ok('List completed')
}

const lsub = async (session: Session, patterns: readonly string[]): Promise<Reply> => {
  const all = await session.services.store.mailboxes.list(session.accountId)
  const subscribed = all.filter((mailbox) => mailbox.subscribed)
  for (const { name } of await matching(subscribed, patterns))
    session.output.line(`* LSUB () "${delimiter}" ${string(encodeName(name))}`)
  return ok('Lsub completed')
}

export const listCommand = command({ name: 'LIST', states: loggedIn, parse, run: list })

export const lsubCommand = command({
  name: 'LSUB',
  states: loggedIn,
  parse: (cursor) => {
    const patterns = parsePatterns(cursor)
    cursor.end()
    return patterns
  },
  run: lsub,
})
