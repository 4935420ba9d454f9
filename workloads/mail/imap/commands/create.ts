/**
 * CREATE (RFC 3501 §6.3.3; USE: RFC 6154 §3).
 *
 *   create = "CREATE" SP mailbox [SP "(" "USE" SP "(" use-attr *(SP use-attr) ")" ")"]
 */
import { badName } from '../mailboxes/find.ts'
import { delimiter, storeName, superiors } from '../mailboxes/name.ts'
import { findSpecialUse } from '../mailboxes/special-use.ts'
import { command, loggedIn } from '../session/command.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'

type Arguments = { mailbox: string; uses: string[] }

const parseUse = (cursor: Cursor): string => {
  cursor.expect('\\')
  return `\\${cursor.atom('a use')}`
}

const parseParameter = (cursor: Cursor): string[] => {
  if (cursor.keyword('USE') !== 'USE') throw new SyntaxProblem('USE was expected')
  cursor.space()
  return cursor.list(parseUse)
}

const parse = (cursor: Cursor): Arguments => {
  const mailbox = cursor.astring('a mailbox')
  const uses = cursor.take(' ') ? cursor.list(parseParameter).flat() : []
  cursor.end()
  return { mailbox, uses }
}

const create = async (session: Session, { mailbox, uses }: Arguments): Promise<Reply> => {
  const { store, limits } = session.services
  const name = storeName(mailbox.endsWith(delimiter) ? mailbox.slice(0, -1) : mailbox)
  if (name === null) return badName
  const specialUse = uses.length === 0 ? null : findSpecialUse(uses)
  if (specialUse === undefined) return no('USEATTR', 'One known use was expected')
  const existing = await store.mailboxes.list(session.accountId)
  const names = new Set(existing.map((each) => each.name))
  const above = superiors(name).filter((each) => !names.has(each))
  if (names.size + above.length + 1 > limits.mailboxes) return no('LIMIT', 'Too many mailboxes')
  if (names.has(name)) return no('ALREADYEXISTS', 'The mailbox exists already')
  for (const each of above) await store.mailboxes.create(session.accountId, each, null)
  await store.mailboxes.create(session.accountId, name, specialUse)
  return ok('Create completed')
}

export const createCommand = command({ name: 'CREATE', states: loggedIn, parse, run: create })
