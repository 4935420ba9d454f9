/** What is to be said of one condition. */
import type { ConditionType, Reason } from '../api/conditions.ts'

export type Verdict<T extends ConditionType = ConditionType> = {
  status: 'True' | 'False' | 'Unknown'
  reason: Reason<T>
  /** What is the case, why, and what to do: without times or addresses of pods, which would change it at each pass. */
  message: string
}

/** A verdict for each condition that is there. */
export type Verdicts = { [T in ConditionType]?: Verdict<T> }
