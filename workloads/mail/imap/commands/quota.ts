/**
 * GETQUOTA and GETQUOTAROOT (RFC 9208 §4.1.2, §4.1.3). One root holds all mailboxes of an account. Units of 1024 octets.
 *
 *   getquota = "GETQUOTA" SP quota-root-name          getquotaroot = "GETQUOTAROOT" SP mailbox
 */
import { command, loggedIn } from '../session/command.ts'
import { no, ok } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import type { Cursor } from '../syntax/cursor.ts'
import { string } from '../wire/encode.ts'

const rootName = 'User quota'

const argument = (cursor: Cursor): string => {
  const text = cursor.astring('a name')
  cursor.end()
  return text
}

const writeQuota = async (session: Session): Promise<void> => {
  const { used, limit } = await session.services.store.usage(session.accountId)
  const units = `STORAGE ${Math.ceil(used / 1024)} ${Math.floor(limit / 1024)}`
  session.output.line(`* QUOTA ${string(rootName)} (${units})`)
}

export const getQuota = command({
  name: 'GETQUOTA',
  states: loggedIn,
  parse: argument,
  run: async (session, root) => {
    if (root !== rootName) return no('NONEXISTENT', 'There is no such quota root')
    await writeQuota(session)
    return ok('Getquota completed')
  },
})

export const getQuotaRoot = command({
  name: 'GETQUOTAROOT',
  states: loggedIn,
  parse: argument,
  run: async (session, mailbox) => {
    session.output.line(`* QUOTAROOT ${string(mailbox)} ${string(rootName)}`)
    await writeQuota(session)
    return ok('Getquotaroot completed')
  },
})
