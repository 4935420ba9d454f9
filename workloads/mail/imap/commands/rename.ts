/** RENAME (RFC 3501 §6.3.5): `rename = "RENAME" SP mailbox SP mailbox`. Mailboxes below move along. */
import { badName, noSuchMailbox } from '../mailboxes/find.ts'
import { delimiter, storeName, superiors } from '../mailboxes/name.ts'
import { command, loggedIn } from '../session/command.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'

type Arguments = { from: string; to: string }

const rename = async (session: Session, args: Arguments): Promise<Reply> => {
  const { mailboxes } = session.services.store
  const from = storeName(args.from)
  const to = storeName(args.to)
  if (to === null) return badName
  const names = new Set((await mailboxes.list(session.accountId)).map(({ name }) => name))
  if (from === null || !names.has(from)) return noSuchMailbox
  if (names.has(to)) return no('ALREADYEXISTS', 'The mailbox exists already')
  if (to.startsWith(from + delimiter)) return no('CANNOT', 'A mailbox cannot go below itself')
  for (const name of superiors(to)) if (!names.has(name)) await mailboxes.create(session.accountId, name, null)
  await mailboxes.rename(session.accountId, from, to)
  return ok('Rename completed')
}

export const renameCommand = command({
  name: 'RENAME',
  states: loggedIn,
  parse: (cursor) => {
    const from = cursor.astring('a mailbox')
    cursor.space()
    const to = cursor.astring('a mailbox')
    cursor.end()
    return { from, to }
  },
  run: rename,
})
