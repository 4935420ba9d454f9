/**
 * Reading messages, in the main thread. Every statement is short and runs to its end at once: a statement left open over
 * an await would pin the WAL. A message and its content come from one statement, so that they belong together.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { MailboxStatus, MessageContent, MessageSummary, UidRange } from '../../store.ts'
import type { Blobs } from '../blobs.ts'
import { namesOf } from '../flags.ts'
import { normalRanges } from '../ranges.ts'
import { all, bytes, one, plain } from '../rows.ts'

type SummaryRow = { uid: number; flags: number; keywords: string; modseq: number; size: number; receivedAt: number }
type ContentRow = SummaryRow & { headSize: number; data: Uint8Array | null; file: string | null }
type Want = 'summary' | 'header' | 'content'

/** Messages taken from the database at a time; with at most 64 KiB of each in its row, this bounds the memory. */
const pageSizes = { summary: 200, header: 50, content: 1 } as const

const summaryColumns = 'uid, flags, keywords, modseq, messages.size, received_at AS receivedAt'

const pageSql = (want: Want): string => {
  const range = `mailbox_id = ? AND uid BETWEEN ? AND ? ORDER BY uid LIMIT ${pageSizes[want]}`
  if (want === 'summary') return `SELECT ${summaryColumns} FROM messages WHERE ${range}`
  const data = want === 'header' ? 'substr(data, 1, head_size)' : 'CASE WHEN file IS NULL THEN data END'
  return `SELECT ${summaryColumns}, head_size AS headSize, ${data} AS data, file
    FROM messages JOIN contents ON contents.id = content_id WHERE ${range}`
}

const summaryOf = ({ uid, flags, keywords, modseq, size, receivedAt }: SummaryRow): MessageSummary => ({
  uid,
  flags: namesOf(flags, keywords),
  modseq,
  size,
  receivedAt,
})

export const messageReads = (db: DatabaseSync, blobs: Blobs) => {
  const everything = db.prepare(`SELECT ${summaryColumns} FROM messages WHERE mailbox_id = ? ORDER BY uid`)
  const status = db.prepare('SELECT messages, unseen, size, deleted FROM mailboxes WHERE id = ?')
  const pages = {
    summary: db.prepare(pageSql('summary')),
    header: db.prepare(pageSql('header')),
    content: db.prepare(pageSql('content')),
  }

  /** What was wanted of the message, or null when a file of it went with it in the meantime. */
  const bytesOf = (row: ContentRow, want: Want): Buffer | null | Promise<Buffer | null> => {
    if (row.data) return bytes(row.data)
    return blobs.read(row.file!, want === 'header' ? row.headSize : row.size)
  }

  const messageOf = (row: ContentRow, want: Want, found: Buffer | null): MessageContent => ({
    ...summaryOf(row),
    header: want === 'content' ? found!.subarray(0, row.headSize) : found,
    content: want === 'content' ? found : null,
  })

  return {
    summaries: (mailboxId: number): MessageSummary[] => all<SummaryRow>(everything, mailboxId).map(summaryOf),

    async *read(mailboxId: number, ranges: readonly UidRange[], want: Want): AsyncGenerator<MessageContent> {
      for (const { from, to } of normalRanges(ranges))
        for (let next = from; next <= to; ) {
          const rows = all<ContentRow>(pages[want], mailboxId, next, to)
          for (const row of rows) {
            const pending = want === 'summary' ? null : bytesOf(row, want)
            const found = pending instanceof Promise ? await pending : pending
            if (found || want === 'summary') yield messageOf(row, want, found)
          }
          if (rows.length < pageSizes[want]) break
          next = rows.at(-1)!.uid + 1
        }
    },

    status: (mailboxId: number): MailboxStatus =>
      plain(one<MailboxStatus>(status, mailboxId) ?? { messages: 0, unseen: 0, size: 0, deleted: 0 }),
  }
}
