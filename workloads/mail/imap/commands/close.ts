/** CLOSE (RFC 3501 §6.4.2) removes deleted messages without a word and deselects; UNSELECT (RFC 3691 §2) only deselects. */
import { command, noArguments, withMailbox } from '../session/command.ts'
import { ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'

const expungeAndDeselect = async (session: Session): Promise<Reply> => {
  const view = session.selected!
  session.deselect()
  if (!view.readOnly && !view.gone) await session.services.store.messages.expunge(view.id, null, session)
  return ok('Close completed')
}

export const close = command({
  name: 'CLOSE',
  states: withMailbox,
  parse: noArguments,
  updates: 'none',
  run: expungeAndDeselect,
})

export const unselect = command({
  name: 'UNSELECT',
  states: withMailbox,
  parse: noArguments,
  updates: 'none',
  run: (session) => {
    session.deselect()
    return ok('Unselect completed')
  },
})
