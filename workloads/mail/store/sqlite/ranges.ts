/** Uid ranges as the database can use them. */
import type { UidRange } from '../store.ts'

/** RFC 9051 §9: uid is nz-number, 32 bits. */
const greatest = 0xffffffff

/** Ascending, without overlap, bounded; a reversed range is turned round (RFC 9051 §9, seq-range). */
export const normalRanges = (ranges: readonly UidRange[]): UidRange[] => {
  const sorted = ranges
    .map(({ from, to }) => ({ from: Math.min(from, to, greatest), to: Math.min(Math.max(from, to), greatest) }))
    .sort((a, b) => a.from - b.from)
  const merged: UidRange[] = []
  for (const range of sorted) {
    const last = merged.at(-1)
    if (last && range.from <= last.to + 1) last.to = Math.max(last.to, range.to)
    else merged.push(range)
  }
  return merged
}
