/** Growing waits between attempts, spread so that many who failed together do not come back together. */

export type BackoffPolicy = { baseMs: number; maxMs: number }

/** Milliseconds before attempt `failures` + 1: `baseMs` doubled with each failure up to `maxMs`, less up to a fifth. */
export const backoff = (failures: number, { baseMs, maxMs }: BackoffPolicy, random: () => number): number =>
  Math.min(baseMs * 2 ** Math.max(0, failures - 1), maxMs) * (0.8 + 0.2 * random())
