/**
 * FETCH and UID FETCH (RFC 3501 §6.4.5, §6.4.8; CHANGEDSINCE: RFC 7162 §3.1.4.1). Messages are read and sent one at a time.
 *
 *   fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
 *           [SP "(" "CHANGEDSINCE" SP mod-sequence ")"]
 */
import type { UidRange } from '../../store/store.ts'
import { type FetchItem, parseFetchItems } from '../fetch/items.ts'
import { marksSeen, wantOf, writeMessage } from '../fetch/respond.ts'
import { numbered } from '../session/command.ts'
import { ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { noSuchMessage, uidRanges } from '../session/targets.ts'
import { turn } from '../session/turn.ts'
import { writeUpdates } from '../session/updates.ts'
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { parseSequenceSet, type SequenceSet } from '../syntax/sequence-set.ts'

type Arguments = { set: SequenceSet; items: FetchItem[]; changedSince: number | null }

const parseModifier = (cursor: Cursor): number => {
  if (cursor.keyword('a modifier') !== 'CHANGEDSINCE') throw new SyntaxProblem('no such modifier is known')
  cursor.space()
  return cursor.number64('a mod-sequence')
}

const parse = (cursor: Cursor): Arguments => {
  const set = parseSequenceSet(cursor)
  cursor.space()
  const items = parseFetchItems(cursor)
  const modifiers = cursor.take(' ') ? cursor.list(parseModifier) : []
  cursor.end()
  return { set, items, changedSince: modifiers.length > 0 ? Math.max(...modifiers) : null }
}

const has = (items: readonly FetchItem[], kind: FetchItem['kind']): boolean => items.some((item) => item.kind === kind)

/** What is answered: UID FETCH always has the UID, CHANGEDSINCE always the mod-sequence. */
const completed = ({ items, changedSince }: Arguments, byUid: boolean): FetchItem[] => {
  const extra: FetchItem[] = []
  if (byUid && !has(items, 'uid')) extra.push({ kind: 'uid' })
  if (changedSince !== null && !has(items, 'modseq')) extra.push({ kind: 'modseq' })
  return [...extra, ...items]
}

/** Sets `\Seen` on what will be read, all at once; resolves to the uids that were unseen. */
const markSeen = async (session: Session, ranges: readonly UidRange[]): Promise<Set<number>> => {
  const view = session.selected!
  const { messages } = session.services.store
  const unseen: number[] = []
  for await (const { uid, flags } of messages.read(view.id, ranges, 'summary'))
    if (!flags.includes('\\Seen') && view.sequenceOf(uid) > 0) unseen.push(uid)
  if (unseen.length > 0)
    await messages.setFlags(view.id, unseen, { operation: 'add', flags: ['\\Seen'] }, { origin: session })
  return new Set(unseen)
}

const nothing: ReadonlySet<number> = new Set()

const send = async (
  session: Session,
  ranges: readonly UidRange[],
  items: readonly FetchItem[],
  since: number,
): Promise<void> => {
  const view = session.selected!
  const { output, services } = session
  const seen = marksSeen(items) && !view.readOnly ? await markSeen(session, ranges) : nothing
  const withFlags = has(items, 'flags') ? items : [...items, { kind: 'flags' } as const]
  for await (const message of services.store.messages.read(view.id, ranges, wantOf(items))) {
    const sequence = view.sequenceOf(message.uid)
    if (sequence === 0 || message.modseq <= since) continue
    writeMessage(output, sequence, message, seen.has(message.uid) ? withFlags : items)
    if (!output.full) continue
    if (!(await output.drain())) return
    await turn()
  }
}

const fetch = async (session: Session, args: Arguments, byUid: boolean): Promise<Reply> => {
  writeUpdates(session, 'exists-only')
  const ranges = uidRanges(session.selected!, args.set, byUid)
  if (!ranges) return noSuchMessage
  const items = completed(args, byUid)
  if (has(items, 'modseq')) session.condstore = true
  if (ranges.length > 0) await send(session, ranges, items, args.changedSince ?? -1)
  return ok('Fetch completed')
}

export const { byNumber: fetchCommand, byUid: uidFetch } = numbered({
  name: 'FETCH',
  parse,
  run: fetch,
  updates: { number: 'exists-only', uid: 'no-flags' },
})
