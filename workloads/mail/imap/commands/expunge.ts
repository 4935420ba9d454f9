/**
 * EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1).
 *
 *   expunge = "EXPUNGE"          uid-expunge = "UID" SP "EXPUNGE" SP sequence-set
 */
import type { UidRange } from '../../store/store.ts'
import { command, noArguments, withMailbox } from '../session/command.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { uidRanges } from '../session/targets.ts'
import { parseSequenceSet } from '../syntax/sequence-set.ts'

const remove = async (session: Session, ranges: readonly UidRange[] | null): Promise<Reply> => {
  const view = session.selected!
  if (view.readOnly) return no('NOPERM', 'The mailbox is read-only')
  if (ranges?.length !== 0) view.removeAll(await session.services.store.messages.expunge(view.id, ranges, session))
  return ok('Expunge completed')
}

export const expunge = command({
  name: 'EXPUNGE',
  states: withMailbox,
  parse: noArguments,
  run: (session) => remove(session, null),
})

export const uidExpunge = command({
  name: 'UID EXPUNGE',
  states: withMailbox,
  parse: (cursor) => {
    const set = parseSequenceSet(cursor)
    cursor.end()
    return set
  },
  run: (session, set) => remove(session, uidRanges(session.selected!, set, true) ?? []),
})
