/**
 * SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2; CONDSTORE parameter: RFC 7162 §3.1.8).
 *
 *   select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]
 */

import type { Mailbox, MessageSummary } from '../../store/store.ts'
import { findMailbox, noSuchMailbox } from '../mailboxes/find.ts'
import { command, loggedIn } from '../session/command.ts'
import { MailboxView } from '../session/mailbox-view.ts'
import { ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { systemFlags } from '../syntax/flags.ts'

type Arguments = { mailbox: string; condstore: boolean }

const parameter = (cursor: Cursor): string => {
  const name = cursor.keyword('a parameter')
  if (name !== 'CONDSTORE') throw new SyntaxProblem('no such parameter is known')
  return name
}

const parse = (cursor: Cursor): Arguments => {
  const mailbox = cursor.astring('a mailbox')
  const condstore = cursor.take(' ') && cursor.list(parameter).length > 0
  cursor.end()
  return { mailbox, condstore }
}

const describe = (session: Session, view: MailboxView, mailbox: Mailbox, messages: readonly MessageSummary[]): void => {
  const { output } = session
  const flags = systemFlags.join(' ')
  const unseen = messages.findIndex((message) => !message.flags.includes('\\Seen')) + 1
  output.line(`* FLAGS (${flags})`)
  output.line(`* OK [PERMANENTFLAGS (${view.readOnly ? '' : `${flags} \\*`})] Flags permitted.`)
  output.line(`* ${view.count} EXISTS`)
  output.line('* 0 RECENT')
  if (unseen > 0 && unseen <= view.count) output.line(`* OK [UNSEEN ${unseen}] First unseen.`)
  output.line(`* OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs valid`)
  output.line(`* OK [UIDNEXT ${mailbox.uidNext}] Predicted next UID`)
  output.line(`* OK [HIGHESTMODSEQ ${mailbox.highestModseq}] Highest`)
}

const select = async (session: Session, args: Arguments, readOnly: boolean): Promise<Reply> => {
  const previous = session.selected
  session.deselect()
  const mailbox = await findMailbox(session, args.mailbox)
  if (previous) session.output.line('* OK [CLOSED] Previous mailbox closed.')
  if (!mailbox) return noSuchMailbox
  if (args.condstore) session.condstore = true
  const view = new MailboxView(mailbox, readOnly)
  const watching = session.watch(view)
  try {
    const messages = await session.services.store.messages.summaries(mailbox.id)
    view.fill(messages, mailbox.uidNext)
    watching.opened()
    describe(session, view, mailbox, messages)
  } catch (error) {
    watching.cancel()
    throw error
  }
  return readOnly ? ok('Examine completed', 'READ-ONLY') : ok('Select completed', 'READ-WRITE')
}

const definition = (name: 'SELECT' | 'EXAMINE') =>
  command({
    name,
    states: loggedIn,
    parse,
    // What came while the mailbox was opened is told with the next command: stock clients take the numbers above as whole.
    updates: 'none',
    run: (session, args) => select(session, args, name === 'EXAMINE'),
  })

export const selectCommand = definition('SELECT')
export const examine = definition('EXAMINE')
