/** Accounts that come to life by their first login, and what they write. */
import { encryptedMessage } from '../../../support/messages.ts'
import { ImapClient } from '../clients/imap.ts'
import type { Target } from '../target.ts'

export type Person = { address: string; password: string }

/** Octets of a message: a short text from Delta Chat, encrypted to two keys. */
export const messageSize = 3000

export const password = 'bench-password-0123'

export const person = (target: Pick<Target, 'domain'>, name: string): Person => ({
  address: `${name}@${target.domain}`,
  password,
})

export const letter = (from: Person, to: Person, id: string): Buffer =>
  encryptedMessage({ from: from.address, to: to.address, size: messageSize, id })

/** An IMAP session with the INBOX selected. */
export const session = async (target: Target, who: Person): Promise<ImapClient> => {
  const imap = await ImapClient.open(target.imapPort)
  await imap.login(who.address, who.password)
  await imap.select()
  return imap
}

/** Logs in once, so that the account exists and its password is in the server's cache. */
export const settle = async (target: Target, who: Person): Promise<void> => {
  const imap = await session(target, who)
  await imap.close()
}
