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
type ContentRow = SummaryRow & { contentSize: number; headSize: number; data: Uint8Array | null; file: string | null }

/** Summaries taken from the database at a time. */
const pageSize = 200

const columns = 'm.uid, m.flags, m.keywords, m.modseq, m.size, m.received_at AS receivedAt'

const summaryOf = ({ uid, flags, keywords, modseq, size, receivedAt }: SummaryRow): MessageSummary => ({
  uid,
  flags: namesOf(flags, keywords),
  modseq,
  size,
  receivedAt,
})

const contentSql = (data: string): string => `SELECT ${columns}, c.head_size AS headSize, ${data} AS data, c.file
  FROM messages m JOIN contents c ON c.id = m.content_id WHERE m.mailbox_id = ? AND m.uid = ?`

export const messageReads = (db: DatabaseSync, blobs: Blobs) => {
  const everything = db.prepare(`SELECT ${columns} FROM messages m WHERE mailbox_id = ? ORDER BY uid`)
  const page = db.prepare(
    `SELECT ${columns} FROM messages m WHERE mailbox_id = ? AND uid BETWEEN ? AND ? ORDER BY uid LIMIT ${pageSize}`,
  )
  const withHeader = db.prepare(contentSql('substr(c.data, 1, c.head_size)'))
  const withContent = db.prepare(contentSql('CASE WHEN c.file IS NULL THEN c.data END'))
  const status = db.prepare('SELECT messages, unseen, size, deleted FROM mailboxes WHERE id = ?')

  const header = async (mailboxId: number, uid: number): Promise<MessageContent | null> => {
    const row = one<ContentRow>(withHeader, mailboxId, uid)
    if (!row) return null
    const head = row.data ? bytes(row.data) : await blobs.read(row.file!, row.headSize)
    return head && { ...summaryOf(row), header: head, content: null }
  }

  const content = async (mailboxId: number, uid: number): Promise<MessageContent | null> => {
    const row = one<ContentRow>(withContent, mailboxId, uid)
    if (!row) return null
    const whole = row.data ? bytes(row.data) : await blobs.read(row.file!, row.size)
    return whole && { ...summaryOf(row), header: whole.subarray(0, row.headSize), content: whole }
  }

  async function* readPage(mailboxId: number, rows: readonly SummaryRow[], want: 'summary' | 'header' | 'content') {
    const load = want === 'content' ? content : header
    for (const row of rows) {
      if (want === 'summary') yield { ...summaryOf(row), header: null, content: null }
      else {
        const message = await load(mailboxId, row.uid)
        // Expunged since the page was read: the message is simply not there.
        if (message) yield message
      }
    }
  }

  return {
    summaries: (mailboxId: number): MessageSummary[] => all<SummaryRow>(everything, mailboxId).map(summaryOf),

    async *read(
      mailboxId: number,
      ranges: readonly UidRange[],
      want: 'summary' | 'header' | 'content',
    ): AsyncGenerator<MessageContent> {
      for (const { from, to } of normalRanges(ranges)) {
        for (let next = from; next <= to; ) {
          const rows = all<SummaryRow>(page, mailboxId, next, to)
          yield* readPage(mailboxId, rows, want)
          if (rows.length < pageSize) break
          next = rows.at(-1)!.uid + 1
        }
      }
    },

    status: (mailboxId: number): MailboxStatus =>
      plain(one<MailboxStatus>(status, mailboxId) ?? { messages: 0, unseen: 0, size: 0, deleted: 0 }),
  }
}
