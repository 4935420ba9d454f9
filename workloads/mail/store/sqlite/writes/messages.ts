/** STORE, EXPUNGE, COPY and MOVE (RFC 9051 §6.4, RFC 7162 §3.1.3). */
import type { DatabaseSync } from 'node:sqlite'
import { type Copied, type FlagChange, type FlagsSet, MailboxMissing, type UidRange } from '../../store.ts'
import { changedFlags, checkKeywords, deleted, encodeFlags, namesOf, type StoredFlags, seen } from '../flags.ts'
import { normalRanges } from '../ranges.ts'
import { all, one } from '../rows.ts'
import type { Contents } from './contents.ts'
import type { Effects } from './effects.ts'
import type { Placement } from './placement.ts'
import { type Removal, type Row, rowColumns } from './removal.ts'

const wholeMailbox: readonly UidRange[] = [{ from: 1, to: Number.POSITIVE_INFINITY }]

type Selection = { mailboxId: number; uids: readonly number[] }
type FlagRequest = Selection & { change: FlagChange; unchangedSince: number | undefined }
type Transfer = Selection & { toMailboxId: number }

/** How many have the flag. */
const count = (list: readonly StoredFlags[], flag: number): number => list.filter(({ flags }) => flags & flag).length

export const messageWrites = (db: DatabaseSync, placement: Placement, contents: Contents, removal: Removal) => {
  const row = db.prepare(`SELECT ${rowColumns} FROM messages WHERE mailbox_id = ? AND uid = ?`)
  const deletedRows = db.prepare(
    `SELECT ${rowColumns} FROM messages WHERE mailbox_id = ? AND uid BETWEEN ? AND ? AND flags & ${deleted} ORDER BY uid`,
  )
  const setRow = db.prepare('UPDATE messages SET flags = ?, keywords = ?, modseq = ? WHERE mailbox_id = ? AND uid = ?')
  const setCounters = db.prepare(
    'UPDATE mailboxes SET modseq = ?, unseen = unseen + ?, deleted = deleted + ? WHERE id = ?',
  )

  /** In the order of the request; one that is named twice comes once. */
  const rows = ({ mailboxId, uids }: Selection): Row[] =>
    [...new Set(uids)].map((uid) => one<Row>(row, mailboxId, uid)).filter((found) => found !== undefined)

  const store = (mailboxId: number, found: Row, next: StoredFlags, modseq: number): FlagsSet => {
    checkKeywords(next)
    if (next.flags === found.flags && next.keywords === found.keywords)
      return { uid: found.uid, flags: namesOf(found.flags, found.keywords), modseq: found.modseq }
    setRow.run(next.flags, next.keywords, modseq, mailboxId, found.uid)
    return { uid: found.uid, flags: namesOf(next.flags, next.keywords), modseq }
  }

  const transfer = (toMailboxId: number, from: readonly Row[], effects: Effects): Copied => {
    const target = placement.owner(toMailboxId)
    const modseq = target.modseq + 1
    const places = from.map((message) => placement.put(toMailboxId, message, modseq))
    const messages = from.map(({ flags, keywords, size, receivedAt }, index) => ({
      uid: places[index]!.uid,
      flags: namesOf(flags, keywords),
      modseq,
      size,
      receivedAt,
    }))
    if (messages.length > 0) effects.changes.push({ mailboxId: toMailboxId, kind: 'added', messages })
    return {
      mailboxId: toMailboxId,
      uidValidity: target.uidValidity,
      uids: places.map(({ uid }) => uid),
      sourceUids: from.map(({ uid }) => uid),
    }
  }

  /** Both mailboxes are of one account: no command reaches across, and this is where it would be noticed. */
  const accountOf = ({ mailboxId, toMailboxId }: Transfer): number => {
    const { accountId } = placement.owner(mailboxId)
    if (placement.owner(toMailboxId).accountId !== accountId) throw new MailboxMissing('no such mailbox')
    return accountId
  }

  return {
    setFlags: ({ mailboxId, uids, change, unchangedSince }: FlagRequest, effects: Effects) => {
      const modseq = placement.owner(mailboxId).modseq + 1
      const given = encodeFlags(change.flags)
      const { fresh = [], stale = [] } = Object.groupBy(rows({ mailboxId, uids }), (found) =>
        found.modseq > (unchangedSince ?? Number.POSITIVE_INFINITY) ? 'stale' : 'fresh',
      )
      const nexts = fresh.map((found) => changedFlags(found, change.operation, given))
      const changed = fresh.map((found, index) => store(mailboxId, found, nexts[index]!, modseq))
      const messages = changed.filter((message) => message.modseq === modseq)
      if (messages.length > 0) {
        const unseen = count(fresh, seen) - count(nexts, seen)
        setCounters.run(modseq, unseen, count(nexts, deleted) - count(fresh, deleted), mailboxId)
        effects.changes.push({ mailboxId, kind: 'flags', messages })
      }
      return { changed, conflicts: stale.map(({ uid }) => uid) }
    },

    expunge: (
      { mailboxId, ranges }: { mailboxId: number; ranges: readonly UidRange[] | null },
      effects: Effects,
    ): number[] => {
      const doomed = normalRanges(ranges ?? wholeMailbox).flatMap(({ from, to }) =>
        all<Row>(deletedRows, mailboxId, from, to),
      )
      removal.remove(mailboxId, doomed, effects)
      return doomed.map(({ uid }) => uid)
    },

    copy: (request: Transfer, effects: Effects): Copied => {
      const accountId = accountOf(request)
      const from = rows(request)
      placement.check(
        accountId,
        from.map(({ size }) => size),
      )
      for (const { contentId } of from) contents.retain(contentId, 1)
      return transfer(request.toMailboxId, from, effects)
    },

    /** Into the mailbox it is in already, a message gets a new uid, as RFC 6851 §3.3 has it. */
    move: (request: Transfer, effects: Effects): Copied => {
      accountOf(request)
      const from = rows(request)
      if (from.length > 0) removal.detach(request.mailboxId, from, effects)
      return transfer(request.toMailboxId, from, effects)
    },
  }
}
