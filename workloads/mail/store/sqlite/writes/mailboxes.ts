/** CREATE, RENAME, DELETE and SUBSCRIBE of mailboxes (RFC 9051 §6.3). */
import type { DatabaseSync } from 'node:sqlite'
import { type Mailbox, MailboxExists, MailboxMissing, QuotaExceeded } from '../../store.ts'
import { one } from '../rows.ts'
import type { Effects } from './effects.ts'

/** Mailboxes of one account: chat needs one, other clients a few. */
const mailboxLimit = 1000
/** Characters of a mailbox's whole name. */
const nameLimit = 1000

type MailboxRow = Omit<Mailbox, 'subscribed'> & { subscribed: number }

export const mailboxColumns = `id, account_id AS accountId, name, uid_validity AS uidValidity, uid_next AS uidNext,
  modseq AS highestModseq, subscribed, special_use AS specialUse`

export const mailboxOf = (row: MailboxRow): Mailbox => ({ ...row, subscribed: row.subscribed !== 0 })

const nameTooLong = (): Error => new QuotaExceeded('the name of the mailbox is too long')

type Named = { accountId: number; name: string }

/** Never used before by this account, and greater than any that was (RFC 9051 §2.3.1.1). */
const nextValiditySql = `UPDATE accounts SET last_uid_validity = max(last_uid_validity + 1, ?) WHERE id = ?
  RETURNING last_uid_validity AS uidValidity`

/** Lower levels share the prefix; substr rather than LIKE, for names may hold % and _. */
const renameSql = `UPDATE mailboxes SET name = ?3 || substr(name, length(?2) + 1)
  WHERE account_id = ?1 AND (name = ?2 OR substr(name, 1, length(?2) + 1) = ?2 || '/')`

const tooLongSql = `SELECT 1 FROM mailboxes WHERE account_id = ?1 AND length(name) - length(?2) + length(?3) > ${nameLimit}
  AND (name = ?2 OR substr(name, 1, length(?2) + 1) = ?2 || '/')`

const clashSql = `SELECT 1 FROM mailboxes WHERE account_id = ?1 AND name IN (SELECT ?3 || substr(name, length(?2) + 1)
  FROM mailboxes WHERE account_id = ?1 AND (name = ?2 OR substr(name, 1, length(?2) + 1) = ?2 || '/'))`

const moveAllSql = 'UPDATE messages SET mailbox_id = ?2, modseq = ?3 WHERE mailbox_id = ?1'

export const mailboxWrites = (db: DatabaseSync) => {
  const find = db.prepare(`SELECT ${mailboxColumns} FROM mailboxes WHERE account_id = ? AND name = ?`)
  const count = db.prepare('SELECT count(*) AS mailboxes FROM mailboxes WHERE account_id = ?')
  const nextValidity = db.prepare(nextValiditySql)
  const insert = db.prepare('INSERT INTO mailboxes (account_id, name, uid_validity, special_use) VALUES (?, ?, ?, ?)')
  const rename = db.prepare(renameSql)
  const clash = db.prepare(clashSql)
  const tooLong = db.prepare(tooLongSql)
  const detach = db.prepare('UPDATE mailboxes SET account_id = NULL WHERE id = ?')
  const subscribe = db.prepare('UPDATE mailboxes SET subscribed = ? WHERE account_id = ? AND name = ?')
  const uids = db.prepare('SELECT uid FROM messages WHERE mailbox_id = ? ORDER BY uid')
  const moveAll = db.prepare(moveAllSql)
  const takeCounters = db.prepare(
    `UPDATE mailboxes SET (uid_next, modseq, messages, unseen, deleted, size) =
     (SELECT uid_next, modseq, messages, unseen, deleted, size FROM mailboxes WHERE id = ?2) WHERE id = ?1`,
  )
  const empty = db.prepare(
    `UPDATE mailboxes SET modseq = modseq + 1, messages = 0, unseen = 0, deleted = 0, size = 0
     WHERE id = ? RETURNING modseq`,
  )

  const existing = ({ accountId, name }: Named): Mailbox => {
    const row = one<MailboxRow>(find, accountId, name)
    if (!row) throw new MailboxMissing('no such mailbox')
    return mailboxOf(row)
  }

  const create = (named: Named, specialUse: string | null, now: number): Mailbox => {
    const { accountId, name } = named
    if (name.length > nameLimit) throw nameTooLong()
    if (one(find, accountId, name)) throw new MailboxExists('there is such a mailbox already')
    if (one<{ mailboxes: number }>(count, accountId)!.mailboxes >= mailboxLimit)
      throw new QuotaExceeded('the account has too many mailboxes')
    const next = one<{ uidValidity: number }>(nextValidity, Math.floor(now / 1000), accountId)
    if (!next) throw new MailboxMissing('no such account')
    insert.run(accountId, name, next.uidValidity, specialUse)
    return existing(named)
  }

  /** RFC 9051 §6.3.6: INBOX stays, empty; its messages go to the new mailbox. Their uids may stay: the mailbox is new. */
  const renameInbox = (inbox: Mailbox, to: string, now: number, effects: Effects): void => {
    const target = create({ accountId: inbox.accountId, name: to }, null, now)
    const removed = (uids.all(inbox.id) as { uid: number }[]).map(({ uid }) => uid)
    takeCounters.run(target.id, inbox.id)
    moveAll.run(inbox.id, target.id, inbox.highestModseq)
    const { modseq } = one<{ modseq: number }>(empty, inbox.id)!
    if (removed.length > 0) effects.changes.push({ mailboxId: inbox.id, kind: 'removed', uids: removed, modseq })
  }

  return {
    createMailbox: (
      { specialUse, now, ...named }: Named & { specialUse: string | null; now: number },
      _: Effects,
    ): Mailbox => create(named, specialUse, now),

    renameMailbox: (
      { accountId, from, to, now }: { accountId: number; from: string; to: string; now: number },
      effects: Effects,
    ): void => {
      const mailbox = existing({ accountId, name: from })
      if (from === 'INBOX') renameInbox(mailbox, to, now, effects)
      else if (one(tooLong, accountId, from, to)) throw nameTooLong()
      else if (one(clash, accountId, from, to)) throw new MailboxExists('there is such a mailbox already')
      else rename.run(accountId, from, to)
    },

    removeMailbox: (named: Named, effects: Effects): void => {
      const { id } = existing(named)
      if (named.name === 'INBOX') throw new Error('INBOX cannot be removed')
      detach.run(id)
      effects.changes.push({ mailboxId: id, kind: 'gone' })
    },

    subscribe: ({ subscribed, ...named }: Named & { subscribed: boolean }, _: Effects): void => {
      subscribe.run(Number(subscribed), existing(named).accountId, named.name)
    },
  }
}
