/**
 * APPEND (RFC 3501 §6.3.11; APPENDUID: RFC 4315 §3).
 *
 *   append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
 */
import { createFirst, findMailbox } from '../mailboxes/find.ts'
import { command, loggedIn } from '../session/command.ts'
import { refusal } from '../session/failures.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import type { Cursor } from '../syntax/cursor.ts'
import { parseDateTime } from '../syntax/date.ts'
import { parseFlagList } from '../syntax/flags.ts'

type Arguments = { mailbox: string; flags: string[]; receivedAt: number | null; content: Buffer }

const parse = (cursor: Cursor): Arguments => {
  const mailbox = cursor.astring('a mailbox')
  cursor.space()
  const flags = cursor.peek === '(' ? parseFlagList(cursor) : null
  if (flags) cursor.space()
  const receivedAt = cursor.peek === '"' ? parseDateTime(cursor) : null
  if (receivedAt !== null) cursor.space()
  const content = cursor.literal()
  cursor.end()
  return { mailbox, flags: flags ?? [], receivedAt, content }
}

const store = async (session: Session, mailboxId: number, args: Arguments): Promise<Reply> => {
  const { services } = session
  const message = { content: args.content, flags: args.flags, receivedAt: args.receivedAt ?? services.clock() }
  try {
    const { uidValidity, uids } = await services.store.messages.append(mailboxId, message, session)
    return ok('Append completed', `APPENDUID ${uidValidity} ${uids[0]}`)
  } catch (error) {
    const reply = refusal(error, 'TRYCREATE')
    if (reply) return reply
    throw error
  }
}

const append = async (session: Session, args: Arguments): Promise<Reply> => {
  const { content } = args
  if (content.length === 0) return no('CANNOT', 'The message is empty')
  // A NUL inside a literal breaks the parsers of stock clients (RFC 3501 §9, CHAR8).
  if (content.includes(0)) return no('CANNOT', 'The message holds a NUL octet')
  const admitted = session.services.admit(content, session.account!)
  if (!admitted.ok) return no('CANNOT', admitted.text)
  const mailbox = await findMailbox(session, args.mailbox)
  return mailbox ? store(session, mailbox.id, args) : createFirst
}

export const appendCommand = command({ name: 'APPEND', states: loggedIn, parse, run: append })
