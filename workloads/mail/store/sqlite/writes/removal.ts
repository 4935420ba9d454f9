/** Taking messages out of a mailbox: the rows, the counters, the contents that nobody refers to any more. */
import type { DatabaseSync } from 'node:sqlite'
import { deleted, seen } from '../flags.ts'
import { one } from '../rows.ts'
import type { Contents } from './contents.ts'
import type { Effects } from './effects.ts'

export type Row = {
  uid: number
  contentId: number
  size: number
  receivedAt: number
  modseq: number
  flags: number
  keywords: string
}

/** The columns of a `Row`. */
export const rowColumns = 'uid, content_id AS contentId, size, received_at AS receivedAt, modseq, flags, keywords'

export type Removal = {
  /** Takes the rows out and reports them; the contents stay. Returns the mailbox's new modseq. */
  detach: (mailboxId: number, rows: readonly Row[], effects: Effects) => number
  /** Takes the rows out with their contents. */
  remove: (mailboxId: number, rows: readonly Row[], effects: Effects) => void
}

const withdrawSql = `UPDATE mailboxes SET modseq = modseq + 1, messages = messages - ?, unseen = unseen - ?,
  deleted = deleted - ?, size = size - ? WHERE id = ? RETURNING modseq`

const sums = (rows: readonly Row[]) => {
  const sum = { unseen: 0, deleted: 0, size: 0 }
  for (const { flags, size } of rows) {
    if (!(flags & seen)) sum.unseen++
    if (flags & deleted) sum.deleted++
    sum.size += size
  }
  return sum
}

export const removal = (db: DatabaseSync, contents: Contents): Removal => {
  const drop = db.prepare('DELETE FROM messages WHERE mailbox_id = ? AND uid = ?')
  const withdraw = db.prepare(withdrawSql)

  const detach: Removal['detach'] = (mailboxId, rows, effects) => {
    for (const { uid } of rows) drop.run(mailboxId, uid)
    const sum = sums(rows)
    const after = one<{ modseq: number }>(withdraw, rows.length, sum.unseen, sum.deleted, sum.size, mailboxId)!
    effects.changes.push({ mailboxId, kind: 'removed', uids: rows.map(({ uid }) => uid), modseq: after.modseq })
    return after.modseq
  }

  return {
    detach,
    remove: (mailboxId, rows, effects) => {
      if (rows.length === 0) return
      detach(mailboxId, rows, effects)
      for (const { contentId } of rows) contents.release(contentId, effects)
    },
  }
}
