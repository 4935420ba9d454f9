/** Fairness between sessions: long work lets others have the event loop now and then. */
import { setImmediate } from 'node:timers/promises'

/** Resolves when everything that was waiting has had its turn. */
export const turn = (): Promise<void> => setImmediate()
