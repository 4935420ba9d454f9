/** Giving a message its place in a mailbox: the uid, the counters, the quota. Shared by delivery, APPEND, COPY, MOVE. */
import type { DatabaseSync } from 'node:sqlite'
import { MailboxMissing, QuotaExceeded } from '../../store.ts'
import type { StoredMessage } from '../content.ts'
import { deleted, seen } from '../flags.ts'
import { one } from '../rows.ts'

export type Place = { mailboxId: number; uid: number; modseq: number; uidValidity: number }

/** What `messages` holds of a message beside its place. */
export type Message = Pick<StoredMessage, 'size' | 'flags' | 'keywords' | 'receivedAt'> & { contentId: number }

export type Owner = { accountId: number; uidValidity: number; modseq: number }

export type Placement = {
  /** @throws MailboxMissing */
  owner: (mailboxId: number) => Owner
  /** The INBOX of an account, or undefined where there is no such account. */
  inbox: (accountId: number) => number | undefined
  /** Whether one message of `size` octets fits. */
  fits: (accountId: number, size: number) => boolean
  /** @throws QuotaExceeded */
  check: (accountId: number, sizes: readonly number[]) => void
  /** `modseq` is the mailbox's next unless given, so that messages of one command share one. */
  put: (mailboxId: number, message: Message, modseq?: number) => Place
}

const ownerSql = `SELECT account_id AS accountId, uid_validity AS uidValidity, modseq
  FROM mailboxes WHERE id = ? AND account_id IS NOT NULL`

const advanceSql = `UPDATE mailboxes SET uid_next = uid_next + 1, modseq = coalesce(?, modseq + 1),
  messages = messages + 1, unseen = unseen + ?, deleted = deleted + ?, size = size + ?
  WHERE id = ? RETURNING id AS mailboxId, uid_next - 1 AS uid, modseq, uid_validity AS uidValidity`

const usedSql = 'SELECT total(size) AS size, total(messages) AS messages FROM mailboxes WHERE account_id = ?'

const insertSql = `INSERT INTO messages
  (mailbox_id, uid, content_id, size, received_at, modseq, flags, keywords) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

export type Limits = {
  /** Octets per account. */
  quota: number
  /** Messages per account: bounds what opening a mailbox takes, however small they are. */
  messages: number
}

export const placement = (db: DatabaseSync, limits: Limits): Placement => {
  const owner = db.prepare(ownerSql)
  const inbox = db.prepare(`SELECT id FROM mailboxes WHERE account_id = ? AND name = 'INBOX'`)
  const used = db.prepare(usedSql)
  const advance = db.prepare(advanceSql)
  const insert = db.prepare(insertSql)

  const fits = (accountId: number, size: number, count: number): boolean => {
    const now = one<{ size: number; messages: number }>(used, accountId)!
    return now.size + size <= limits.quota && now.messages + count <= limits.messages
  }

  return {
    owner: (mailboxId) => {
      const found = one<Owner>(owner, mailboxId)
      if (!found) throw new MailboxMissing('no such mailbox')
      return found
    },
    inbox: (accountId) => one<{ id: number }>(inbox, accountId)?.id,
    fits: (accountId, size) => fits(accountId, size, 1),
    check: (accountId, sizes) => {
      const size = sizes.reduce((sum, one) => sum + one, 0)
      if (!fits(accountId, size, sizes.length)) throw new QuotaExceeded('the account is full')
    },
    put: (mailboxId, { contentId, size, flags, keywords, receivedAt }, modseq) => {
      const unseen = flags & seen ? 0 : 1
      const place = one<Place>(advance, modseq ?? null, unseen, flags & deleted ? 1 : 0, size, mailboxId)!
      insert.run(mailboxId, place.uid, contentId, size, receivedAt, place.modseq, flags, keywords)
      return place
    },
  }
}
