/** How long to wait before a process that ended is started again. */
const firstMs = 250
const maxMs = 30_000
/** A process that ran this long counts as having worked. */
const steadyMs = 60_000

/** Milliseconds to wait after the `failures`-th end in a row, counted from 1. */
export const backoffMs = (failures: number): number => Math.min(firstMs * 2 ** (failures - 1), maxMs)

/** The count of ends in a row after one more, of a process that ran `ranMs`. */
export const countFailure = (before: number, ranMs: number): number => (ranMs >= steadyMs ? 1 : before + 1)
