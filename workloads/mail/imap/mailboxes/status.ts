/** The items of STATUS (RFC 3501 §6.3.10; HIGHESTMODSEQ: RFC 7162 §3.1.7), also as LIST returns them (RFC 5819). */
import type { Mailbox, MailboxStatus } from '../../store/store.ts'
import type { Session } from '../session/session.ts'
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { string } from '../wire/encode.ts'
import { encodeName } from './name.ts'

const items = new Map<string, (mailbox: Mailbox, status: MailboxStatus) => number>([
  ['MESSAGES', (_, status) => status.messages],
  ['RECENT', () => 0],
  ['UIDNEXT', (mailbox) => mailbox.uidNext],
  ['UIDVALIDITY', (mailbox) => mailbox.uidValidity],
  ['UNSEEN', (_, status) => status.unseen],
  ['DELETED', (_, status) => status.deleted],
  ['SIZE', (_, status) => status.size],
  ['HIGHESTMODSEQ', (mailbox) => mailbox.highestModseq],
])

/** `"(" status-att *(SP status-att) ")"` */
export const parseStatusItems = (cursor: Cursor): string[] => {
  const names = cursor.list((each) => each.keyword('a status item'))
  if (names.length === 0 || !names.every((name) => items.has(name)))
    throw new SyntaxProblem('a status item was expected')
  return [...new Set(names)]
}

/** `* STATUS mailbox (…)` */
export const writeStatus = async (session: Session, mailbox: Mailbox, names: readonly string[]): Promise<void> => {
  if (names.includes('HIGHESTMODSEQ')) session.condstore = true
  const status = await session.services.store.mailboxes.status(mailbox.id)
  const values = names.map((name) => `${name} ${items.get(name)!(mailbox, status)}`)
  session.output.line(`* STATUS ${string(encodeName(mailbox.name))} (${values.join(' ')})`)
}
