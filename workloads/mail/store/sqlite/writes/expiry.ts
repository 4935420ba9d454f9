/** Retention and the purge of what was detached, in slices: no transaction keeps the others waiting for long. */
import type { DatabaseSync } from 'node:sqlite'
import type { RetentionPolicy } from '../../store.ts'
import { inlineLimit } from '../content.ts'
import { all, one } from '../rows.ts'
import type { AccountWrites } from './accounts.ts'
import type { Effects } from './effects.ts'
import { type Removal, type Row, rowColumns } from './removal.ts'

/** Messages, or accounts, of one transaction: a few milliseconds. */
const sliceMessages = 50
const sliceAccounts = 50

type Found = Row & { mailboxId: number }

const oldSql = (condition: string): string => `SELECT mailbox_id AS mailboxId, ${rowColumns} FROM messages
  WHERE received_at < ?1 AND ${condition} ORDER BY received_at LIMIT ${sliceMessages}`

const byMailbox = (rows: readonly Found[]): Map<number, Found[]> =>
  Map.groupBy(
    rows.toSorted((a, b) => a.uid - b.uid),
    ({ mailboxId }) => mailboxId,
  )

export const expiryWrites = (db: DatabaseSync, removal: Removal, accounts: AccountWrites) => {
  const old = db.prepare(oldSql('?2 = 0'))
  // The literal bound lets SQLite use the partial index, so that the many small messages are not walked over.
  const large = db.prepare(oldSql(`size >= ?2 AND size > ${inlineLimit}`))
  const largish = db.prepare(oldSql('size >= ?2'))
  const idle = db.prepare(`SELECT id FROM accounts WHERE last_login_day < ? LIMIT ${sliceAccounts}`)
  const dropTokens = db.prepare('DELETE FROM device_tokens WHERE day < ?')
  const detached = db.prepare('SELECT id FROM mailboxes WHERE account_id IS NULL LIMIT 1')
  const rows = db.prepare(`SELECT ${rowColumns} FROM messages WHERE mailbox_id = ? LIMIT ${sliceMessages}`)
  const dropMailbox = db.prepare('DELETE FROM mailboxes WHERE id = ?')

  const removeMessages = (found: readonly Found[], effects: Effects): number => {
    for (const [mailboxId, group] of byMailbox(found)) removal.remove(mailboxId, group, effects)
    return found.length
  }

  const largeMessages = ({ largeMessagesBefore, largeMessageSize }: RetentionPolicy): Found[] =>
    all(largeMessageSize > inlineLimit ? large : largish, largeMessagesBefore, largeMessageSize)

  return {
    expire: (policy: RetentionPolicy, effects: Effects): { messages: number; accounts: number; more: boolean } => {
      const byAge = removeMessages(all<Found>(old, policy.messagesBefore, 0), effects)
      const bySize = removeMessages(largeMessages(policy), effects)
      const inactive = all<{ id: number }>(idle, policy.accountsBefore)
      for (const account of inactive) accounts.removeAccount(account, effects)
      dropTokens.run(policy.accountsBefore)
      const more = byAge === sliceMessages || bySize === sliceMessages || inactive.length === sliceAccounts
      return { messages: byAge + bySize, accounts: inactive.length, more }
    },

    /** Removes a slice of what belongs to no account any more; true while there may be more of it. */
    purge: (_: null, effects: Effects): boolean => {
      const mailbox = one<{ id: number }>(detached)
      if (!mailbox) return false
      const slice = all<Row>(rows, mailbox.id)
      const quiet: Effects = { changes: [], files: effects.files }
      removal.remove(mailbox.id, slice, quiet)
      if (slice.length < sliceMessages) dropMailbox.run(mailbox.id)
      return true
    },
  }
}
