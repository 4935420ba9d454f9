/** STATUS (RFC 3501 §6.3.10): `status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"`. */
import { findMailbox, noSuchMailbox } from '../mailboxes/find.ts'
import { parseStatusItems, writeStatus } from '../mailboxes/status.ts'
import { command, loggedIn } from '../session/command.ts'
import { ok } from '../session/reply.ts'

export const status = command({
  name: 'STATUS',
  states: loggedIn,
  parse: (cursor) => {
    const mailbox = cursor.astring('a mailbox')
    cursor.space()
    const items = parseStatusItems(cursor)
    cursor.end()
    return { mailbox, items }
  },
  run: async (session, { mailbox: name, items }) => {
    const mailbox = await findMailbox(session, name)
    if (!mailbox) return noSuchMailbox
    await writeStatus(session, mailbox, items)
    return ok('Status completed')
  },
})
