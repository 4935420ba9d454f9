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

/**
 * Rows come as arrays, and keywords as NULL where there are none: opening a mailbox of many thousand messages is spent
 * on making row objects and empty strings otherwise, by a factor of six.
 */
type SummaryRow = [
  uid: number,
  modseq: number,
  size: number,
  receivedAt: number,
  flags: number,
  keywords: string | null,
]
type ContentRow = [...SummaryRow, headSize: number, file: string | null, data: Uint8Array | null]
type Want = 'summary' | 'header' | 'content'

/** Messages taken from the database at a time; with at most 64 KiB of each in its row, this bounds the memory. */
const pageSizes = { summary: 200, header: 50, content: 1 } as const

const summaryColumns = `uid, modseq, messages.size, received_at, flags, nullif(keywords, '')`

const pageSql = (want: Want): string => {
  const range = `mailbox_id = ? AND uid BETWEEN ? AND ? ORDER BY uid LIMIT ${pageSizes[want]}`
  if (want === 'summary') return `SELECT ${summaryColumns} FROM messages WHERE ${range}`
  const data = want === 'header' ? 'substr(data, 1, head_size)' : 'CASE WHEN file IS NULL THEN data END'
  return `SELECT ${summaryColumns}, head_size, file, ${data}
    FROM messages JOIN contents ON contents.id = content_id WHERE ${range}`
}

/** By index: destructuring an array goes through its iterator, which is twice as slow. */
const summaryOf = (row: SummaryRow | ContentRow): MessageSummary => ({
  uid: row[0],
  flags: namesOf(row[4], row[5]),
  modseq: row[1],
  size: row[2],
  receivedAt: row[3],
})

export const messageReads = (db: DatabaseSync, blobs: Blobs) => {
  const prepare = (sql: string) => db.prepare(sql, { returnArrays: true })
  const everything = prepare(`SELECT ${summaryColumns} FROM messages WHERE mailbox_id = ? ORDER BY uid`)
  const pages = {
    summary: prepare(pageSql('summary')),
    header: prepare(pageSql('header')),
    content: prepare(pageSql('content')),
  }
  const status = db.prepare('SELECT messages, unseen, size, deleted FROM mailboxes WHERE id = ?')

  /** What was wanted of the message, or null when its file went with it in the meantime. */
  const bytesOf = (row: ContentRow, want: Want): Buffer | Promise<Buffer | null> => {
    const [headSize, file, data] = [row[6], row[7], row[8]]
    return data ? bytes(data) : blobs.read(file!, want === 'header' ? headSize : row[2])
  }

  const messageOf = (row: ContentRow, want: Want, found: Buffer | null): MessageContent => ({
    ...summaryOf(row),
    header: want === 'content' ? found!.subarray(0, row[6]) : found,
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
          next = rows.at(-1)![0] + 1
        }
    },

    status: (mailboxId: number): MailboxStatus =>
      plain(one<MailboxStatus>(status, mailboxId) ?? { messages: 0, unseen: 0, size: 0, deleted: 0 }),
  }
}
