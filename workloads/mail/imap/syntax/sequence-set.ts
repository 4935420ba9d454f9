/**
 * Sequence sets (RFC 3501 §9): `1:3,7,9:*`, over sequence numbers or UIDs. `*` is the highest number in use.
 *
 *   sequence-set = (seq-number / seq-range) *("," sequence-set)    seq-range = seq-number ":" seq-number
 */
import type { UidRange } from '../../store/store.ts'
import { type Cursor, maxUint32, SyntaxProblem } from './cursor.ts'

/** Ends as written; `*` is Infinity. */
export type SequenceSet = readonly UidRange[]

const setPattern = /[\d:,*]+/y
const rangePattern = /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/

const bound = (text: string): number => {
  if (text === '*') return Number.POSITIVE_INFINITY
  const value = Number(text)
  if (value === 0 || value > maxUint32) throw new SyntaxProblem('numbers of a set run from 1 to 4294967295')
  return value
}

const parseRange = (text: string): UidRange => {
  const match = rangePattern.exec(text)
  if (!match) throw new SyntaxProblem('a sequence set was expected')
  const from = bound(match[1]!)
  return { from, to: match[2] === undefined ? from : bound(match[2]) }
}

/** @throws SyntaxProblem */
export const parseSequenceSet = (cursor: Cursor): SequenceSet =>
  cursor.match(setPattern, 'a sequence set').split(',').map(parseRange)

/** Ascending, disjoint ranges with `*` put in; empty when the set names nothing. `highest` is 0 for an empty mailbox. */
export const resolveSet = (set: SequenceSet, highest: number): UidRange[] => {
  const put = (value: number) => (value === Number.POSITIVE_INFINITY ? highest : value)
  const ranges = set
    .map(({ from, to }) => [put(from), put(to)] as const)
    .map(([a, b]) => ({ from: Math.max(1, Math.min(a, b)), to: Math.max(a, b) }))
    .filter(({ to }) => to > 0)
    .sort((a, b) => a.from - b.from)
  return merge(ranges)
}

const merge = (ranges: UidRange[]): UidRange[] => {
  const merged: UidRange[] = []
  for (const range of ranges) {
    const last = merged.at(-1)
    if (last && range.from <= last.to + 1) last.to = Math.max(last.to, range.to)
    else merged.push({ ...range })
  }
  return merged
}

/** Numbers, ascending or not, as a set on the wire: `1:3,7`. Order is kept, as UIDPLUS needs (RFC 4315 §3). */
export const formatSet = (numbers: readonly number[]): string => {
  const parts: string[] = []
  for (let start = 0; start < numbers.length; ) {
    let end = start
    while (numbers[end + 1] === numbers[end]! + 1) end++
    parts.push(end > start ? `${numbers[start]}:${numbers[end]}` : `${numbers[start]}`)
    start = end + 1
  }
  return parts.join(',')
}
