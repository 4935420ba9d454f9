/** SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.6, §6.3.7): `subscribe = "SUBSCRIBE" SP mailbox`. */
import { findMailbox, noSuchMailbox } from '../mailboxes/find.ts'
import { command, loggedIn } from '../session/command.ts'
import { ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'

const set = async (session: Session, wireName: string, subscribed: boolean): Promise<Reply> => {
  const mailbox = await findMailbox(session, wireName)
  if (!mailbox) return noSuchMailbox
  await session.services.store.mailboxes.subscribe(session.accountId, mailbox.name, subscribed)
  return ok(subscribed ? 'Subscribe completed' : 'Unsubscribe completed')
}

const definition = (name: 'SUBSCRIBE' | 'UNSUBSCRIBE') =>
  command({
    name,
    states: loggedIn,
    parse: (cursor) => {
      const mailbox = cursor.astring('a mailbox')
      cursor.end()
      return mailbox
    },
    run: (session, mailbox) => set(session, mailbox, name === 'SUBSCRIBE'),
  })

export const subscribe = definition('SUBSCRIBE')
export const unsubscribe = definition('UNSUBSCRIBE')
