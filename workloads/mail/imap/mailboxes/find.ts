/** From a mailbox name on the wire to a mailbox of the session's account. */
import type { Mailbox } from '../../store/store.ts'
import { no, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { storeName } from './name.ts'

/** The mailbox, or null where there is none of this name. */
export const findMailbox = async (session: Session, wireName: string): Promise<Mailbox | null> => {
  const name = storeName(wireName)
  return name === null ? null : session.services.store.mailboxes.find(session.accountId, name)
}

export const noSuchMailbox: Reply = no('NONEXISTENT', 'There is no such mailbox')
/** For COPY, MOVE and APPEND: the client may create it and try again. */
export const createFirst: Reply = no('TRYCREATE', 'There is no such mailbox')
export const badName: Reply = no('CANNOT', 'No mailbox can have this name')
