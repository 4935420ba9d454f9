/** What one write leads to once it is committed. */
import type { Change } from '../../store.ts'

type WithoutOrigin<C> = C extends unknown ? Omit<C, 'origin'> : never

/** A change as the writer reports it; who caused it is known on the other side alone. */
export type CommittedChange = WithoutOrigin<Change>

export type Effects = {
  changes: CommittedChange[]
  /** Blob files that no row refers to any more. */
  files: string[]
}
