/** Fairness between sessions: long work lets others have the event loop now and then. */
import { setImmediate } from 'node:timers/promises'

/** Resolves when everything that was waiting has had its turn. */
export const turn = (): Promise<void> => setImmediate()

/** Milliseconds that one session keeps the event loop for. */
const sliceMs = 10

/**
 * For work in pieces whose cost the client decides: the returned function, called between two of them, gives a promise to
 * wait for when the slice is used up. `now` in milliseconds, monotonic.
 */
export const slices = (now: () => number = () => performance.now()): (() => Promise<void> | null) => {
  let until = now() + sliceMs
  return () =>
    now() < until
      ? null
      : turn().then(() => {
          until = now() + sliceMs
        })
}
