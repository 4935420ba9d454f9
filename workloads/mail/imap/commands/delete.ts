/** DELETE (RFC 3501 §6.3.4): `delete = "DELETE" SP mailbox`. A mailbox with others below it stays (RFC 5530, HASCHILDREN). */
import { findMailbox, noSuchMailbox } from '../mailboxes/find.ts'
import { delimiter } from '../mailboxes/name.ts'
import { command, loggedIn } from '../session/command.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'

const remove = async (session: Session, wireName: string): Promise<Reply> => {
  const { mailboxes } = session.services.store
  const mailbox = await findMailbox(session, wireName)
  if (!mailbox) return noSuchMailbox
  if (mailbox.name === 'INBOX') return no('CANNOT', 'INBOX cannot be deleted')
  const all = await mailboxes.list(session.accountId)
  if (all.some(({ name }) => name.startsWith(mailbox.name + delimiter)))
    return no('HASCHILDREN', 'There are mailboxes below this one')
  if (session.selected?.id === mailbox.id) session.deselect()
  await mailboxes.remove(session.accountId, mailbox.name)
  return ok('Delete completed')
}

export const deleteCommand = command({
  name: 'DELETE',
  states: loggedIn,
  parse: (cursor) => {
    const mailbox = cursor.astring('a mailbox')
    cursor.end()
    return mailbox
  },
  run: remove,
})
