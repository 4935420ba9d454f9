/** How a pass ended, and what keeps a server from working that only a person can change. */
import type { Reason } from '../api/conditions.ts'

/** `reason` is one of Stalled's; `message` says what is the case, why, and what to do. */
export type Problem = { reason: Reason<'Stalled'>; message: string }

export type Outcome =
  /** Everything is as the spec says. */
  | { kind: 'done' }
  /** Something has to happen first; look again after that many milliseconds at the latest. */
  | { kind: 'wait'; ms: number; why: string }
  /** A person has to do something; nothing is tried until something changes. */
  | { kind: 'stall'; problem: Problem }
  /** Nothing is touched because the spec says so. */
  | { kind: 'paused' }
  /** A call failed; try again with back-off. */
  | { kind: 'retry'; error: Error }
