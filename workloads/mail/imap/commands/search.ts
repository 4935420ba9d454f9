/**
 * SEARCH and UID SEARCH (RFC 3501 §6.4.4; the MODSEQ of the answer: RFC 7162 §3.1.5).
 *
 *   search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)
 */
import { Readable } from '../fetch/section.ts'
import { type Key, parseSearchKeys, walk } from '../search/keys.ts'
import { matcher, wantOf } from '../search/match.ts'
import { numbered } from '../session/command.ts'
import { no, ok, type Reply } from '../session/reply.ts'
import type { Session } from '../session/session.ts'
import { slices } from '../session/turn.ts'
import { writeUpdates } from '../session/updates.ts'
import type { Cursor } from '../syntax/cursor.ts'

type Arguments = { charset: string; key: Key }

const charsets = ['US-ASCII', 'UTF-8']

const parse = (cursor: Cursor): Arguments => {
  let charset = 'UTF-8'
  if (cursor.take('CHARSET ')) {
    charset = cursor.astring('a charset').toUpperCase()
    cursor.space()
  }
  return { charset, key: parseSearchKeys(cursor) }
}

const find = async (session: Session, key: Key, byUid: boolean): Promise<{ numbers: number[]; modseq: number }> => {
  const view = session.selected!
  const matches = matcher(key, { sequence: view.count, uid: view.highestUid })
  const numbers: number[] = []
  let modseq = 0
  const slice = slices()
  const everything = [{ from: 1, to: view.highestUid }]
  for await (const message of session.services.store.messages.read(view.id, everything, wantOf(key))) {
    const others = slice()
    if (others) await others
    const sequence = view.sequenceOf(message.uid)
    if (sequence === 0 || !matches({ readable: new Readable(message), sequence })) continue
    numbers.push(byUid ? message.uid : sequence)
    modseq = Math.max(modseq, message.modseq)
  }
  return { numbers, modseq }
}

const search = async (session: Session, { charset, key }: Arguments, byUid: boolean): Promise<Reply> => {
  if (!charsets.includes(charset)) return no(`BADCHARSET (${charsets.join(' ')})`, 'This charset is not known')
  writeUpdates(session, 'no-expunge')
  const withModseq = walk(key).some(({ kind }) => kind === 'modseq')
  if (withModseq) session.condstore = true
  const { numbers, modseq } = session.selected!.count > 0 ? await find(session, key, byUid) : { numbers: [], modseq: 0 }
  const suffix = withModseq && numbers.length > 0 ? ` (MODSEQ ${modseq})` : ''
  session.output.line(`* SEARCH${numbers.map((number) => ` ${number}`).join('')}${suffix}`)
  return ok('Search completed')
}

export const { byNumber: searchCommand, byUid: uidSearch } = numbered({
  name: 'SEARCH',
  parse,
  run: search,
  updates: { number: 'no-expunge', uid: 'all' },
})
