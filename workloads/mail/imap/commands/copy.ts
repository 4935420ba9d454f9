/**
 * COPY (RFC 3501 §6.4.7) and MOVE (RFC 6851 §3.1) with their UID forms; COPYUID is RFC 4315 §3.
 *
 *   copy = "COPY" SP sequence-set SP mailbox          move = "MOVE" SP sequence-set SP mailbox
 */
import { createFirst, findMailbox } from '../mailboxes/find.ts'
import { numbered } from '../session/command.ts'
import { refusal } from '../session/failures.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { noSuchMessage, uidRanges } from '../session/targets.ts'
import type { Cursor } from '../syntax/cursor.ts'
import { formatSet, parseSequenceSet, type SequenceSet } from '../syntax/sequence-set.ts'

type Arguments = { set: SequenceSet; mailbox: string }
type Operation = 'copy' | 'move'

const parse = (cursor: Cursor): Arguments => {
  const set = parseSequenceSet(cursor)
  cursor.space()
  const mailbox = cursor.astring('a mailbox')
  cursor.end()
  return { set, mailbox }
}

const place = async (session: Session, operation: Operation, uids: number[], target: number): Promise<Reply> => {
  const view = session.selected!
  const { messages } = session.services.store
  const copied = await messages[operation](view.id, uids, target, session)
  const code = `COPYUID ${copied.uidValidity} ${formatSet(copied.sourceUids)} ${formatSet(copied.uids)}`
  const known = copied.uids.length > 0 ? code : null
  if (operation === 'copy') return ok('Copy completed', known)
  // RFC 6851 §4.3: COPYUID comes before the EXPUNGE responses.
  if (known) session.output.line(`* OK [${known}] Moved`)
  view.removeAll(copied.sourceUids)
  return ok('Move completed')
}

const run = async (session: Session, args: Arguments, operation: Operation, byUid: boolean): Promise<Reply> => {
  const view = session.selected!
  if (operation === 'move' && view.readOnly) return no('NOPERM', 'The mailbox is read-only')
  const ranges = uidRanges(view, args.set, byUid)
  if (!ranges) return noSuchMessage
  const target = await findMailbox(session, args.mailbox)
  if (!target) return createFirst
  const uids = view.uidsWithin(ranges)
  if (uids.length === 0) return ok('No messages to place')
  try {
    return await place(session, operation, uids, target.id)
  } catch (error) {
    const reply = refusal(error, 'TRYCREATE')
    if (reply) return reply
    throw error
  }
}

const definitions = (operation: Operation) =>
  numbered({
    name: operation.toUpperCase(),
    parse,
    run: (session, args, byUid) => run(session, args, operation, byUid),
  })

export const { byNumber: copy, byUid: uidCopy } = definitions('copy')
export const { byNumber: move, byUid: uidMove } = definitions('move')
