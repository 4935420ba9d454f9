/** Reading accounts, mailboxes, device tokens and counts, in the main thread. */
import type { DatabaseSync } from 'node:sqlite'
import type { Account, Mailbox } from '../../store.ts'
import { all, one, plain } from '../rows.ts'
import { accountColumns } from '../writes/accounts.ts'
import { mailboxColumns, mailboxOf } from '../writes/mailboxes.ts'

type MailboxRow = Parameters<typeof mailboxOf>[0]

export const directoryReads = (db: DatabaseSync, quota: number) => {
  const account = db.prepare(`SELECT ${accountColumns} FROM accounts WHERE address = ?`)
  const mailbox = db.prepare(`SELECT ${mailboxColumns} FROM mailboxes WHERE account_id = ? AND name = ?`)
  const mailboxes = db.prepare(`SELECT ${mailboxColumns} FROM mailboxes WHERE account_id = ? ORDER BY name`)
  const usage = db.prepare(
    'SELECT coalesce(sum(size), 0) AS used, coalesce(sum(messages), 0) AS messages FROM mailboxes WHERE account_id = ?',
  )
  const tokens = db.prepare('SELECT token FROM device_tokens WHERE account_id = ? ORDER BY day DESC, token')
  const counts = db.prepare(
    `SELECT (SELECT count(*) FROM accounts) AS accounts,
     (SELECT coalesce(sum(messages), 0) FROM mailboxes WHERE account_id IS NOT NULL) AS messages`,
  )

  return {
    account: (address: string): Account | null => {
      const row = one<Account>(account, address)
      return row ? plain(row) : null
    },
    mailbox: (accountId: number, name: string): Mailbox | null => {
      const row = one<MailboxRow>(mailbox, accountId, name)
      return row ? mailboxOf(row) : null
    },
    mailboxes: (accountId: number): Mailbox[] => all<MailboxRow>(mailboxes, accountId).map(mailboxOf),
    usage: (accountId: number): { used: number; limit: number; messages: number } => ({
      ...one<{ used: number; messages: number }>(usage, accountId)!,
      limit: quota,
    }),
    tokens: (accountId: number): string[] => all<{ token: string }>(tokens, accountId).map(({ token }) => token),
    counts: (): { accounts: number; messages: number } => plain(one<{ accounts: number; messages: number }>(counts)!),
  }
}
