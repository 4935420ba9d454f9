/**
 * STORE and UID STORE (RFC 3501 §6.4.6; UNCHANGEDSINCE: RFC 7162 §3.1.3).
 *
 *   store = "STORE" SP sequence-set [SP "(" "UNCHANGEDSINCE" SP mod-sequence ")"] SP
 *           ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag)))
 */
import type { FlagChange, FlagsSet } from '../../store/store.ts'
import { numbered } from '../session/command.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { noSuchMessage, uidRanges } from '../session/targets.ts'
import { flagsLine } from '../session/updates.ts'
import { type Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { parseStoreFlags } from '../syntax/flags.ts'
import { formatSet, parseSequenceSet, type SequenceSet } from '../syntax/sequence-set.ts'

type Arguments = { set: SequenceSet; change: FlagChange; silent: boolean; unchangedSince: number | null }

const operations = new Map<string, FlagChange['operation']>([
  ['FLAGS', 'replace'],
  ['+FLAGS', 'add'],
  ['-FLAGS', 'remove'],
])

const parseModifier = (cursor: Cursor): number => {
  if (cursor.keyword('a modifier') !== 'UNCHANGEDSINCE') throw new SyntaxProblem('no such modifier is known')
  cursor.space()
  return cursor.number64('a mod-sequence')
}

const parseOperation = (cursor: Cursor): Pick<Arguments, 'silent'> & Pick<FlagChange, 'operation'> => {
  const word = cursor.keyword('FLAGS')
  const silent = word.endsWith('.SILENT')
  const operation = operations.get(silent ? word.slice(0, -'.SILENT'.length) : word)
  if (!operation) throw new SyntaxProblem('FLAGS, +FLAGS or -FLAGS was expected')
  return { operation, silent }
}

const parse = (cursor: Cursor): Arguments => {
  const set = parseSequenceSet(cursor)
  cursor.space()
  const modifiers = cursor.peek === '(' ? cursor.list(parseModifier) : []
  if (modifiers.length > 0) cursor.space()
  const { operation, silent } = parseOperation(cursor)
  cursor.space()
  const flags = parseStoreFlags(cursor)
  cursor.end()
  return {
    set,
    silent,
    change: { operation, flags },
    unchangedSince: modifiers.length > 0 ? Math.min(...modifiers) : null,
  }
}

const writeFlags = (session: Session, messages: readonly FlagsSet[]): void => {
  for (const message of messages) {
    const sequence = session.selected!.sequenceOf(message.uid)
    if (sequence > 0) session.output.line(flagsLine(sequence, message, session.condstore))
  }
}

const writeModseqs = (session: Session, messages: readonly FlagsSet[]): void => {
  for (const { uid, modseq } of messages)
    session.output.line(`* ${session.selected!.sequenceOf(uid)} FETCH (UID ${uid} MODSEQ (${modseq}))`)
}

/** Every message of the set is answered, also one whose flags were so before; with SILENT, mod-sequences alone. */
const answer = async (session: Session, messages: readonly FlagsSet[], silent: boolean): Promise<void> => {
  if (!silent) writeFlags(session, messages)
  else if (session.condstore) writeModseqs(session, messages)
  await session.output.drain()
}

const store = async (session: Session, args: Arguments, byUid: boolean): Promise<Reply> => {
  const view = session.selected!
  if (view.readOnly) return no('NOPERM', 'The mailbox is read-only')
  const ranges = uidRanges(view, args.set, byUid)
  if (!ranges) return noSuchMessage
  if (args.unchangedSince !== null) session.condstore = true
  const uids = view.uidsWithin(ranges)
  if (uids.length === 0) return ok('Store completed')
  const options = args.unchangedSince === null ? {} : { unchangedSince: args.unchangedSince }
  const result = await session.services.store.messages.setFlags(view.id, uids, args.change, {
    origin: session,
    ...options,
  })
  await answer(session, result.changed, args.silent)
  if (result.conflicts.length === 0) return ok('Store completed')
  const numbers = byUid ? result.conflicts : result.conflicts.map((uid) => view.sequenceOf(uid))
  return ok('Conditional store failed for some', `MODIFIED ${formatSet(numbers)}`)
}

export const { byNumber: storeCommand, byUid: uidStore } = numbered({
  name: 'STORE',
  parse,
  run: store,
  updates: { number: 'no-expunge', uid: 'all' },
})
