/**
 * One status from how a pass ended and what it saw: the conditions after kstatus (Ready always; Reconciling and Stalled
 * only while true), and the rest as observed.
 */
import type { ConditionType, Reason } from '../api/conditions.ts'
import { conditionTypes } from '../api/conditions.ts'
import type { Status } from '../api/status.ts'
import type { Verdict, Verdicts } from './verdict.ts'

export type Ending =
  | { kind: 'done' }
  | { kind: 'wait'; why: string }
  | { kind: 'stall'; reason: Reason<'Stalled'>; message: string }
  | { kind: 'paused' }
  | { kind: 'retry'; message: string }

export type Condition = NonNullable<Status['conditions']>[number]

export type Summary = {
  generation: number
  ending: Ending
  verdicts: Verdicts
  /** What is wrong in a part while the rest works. */
  problem: { reason: Reason<'Stalled'>; message: string } | null
  before: readonly Condition[]
  /** ISO time of this pass, used only where a condition changes. */
  now: string
}

/** What Ready waits for, in the order in which a missing one is told. */
const needed = ['MailAvailable', 'CertificateReady', 'Exposed', 'TurnAvailable', 'KeysReady', 'IrohAvailable'] as const

const isMet = (verdict: Verdict | undefined): boolean =>
  verdict === undefined || verdict.status === 'True' || verdict.reason === 'Disabled'

const unmet = (verdicts: Verdicts): Verdict | undefined =>
  needed.map((type) => verdicts[type] as Verdict | undefined).find((verdict) => !isMet(verdict))

const readyMessage = ({ DNSReady, TurnAvailable }: Verdicts): string => {
  if (TurnAvailable?.reason === 'PartlyAvailable')
    return `Everything works, with fewer relays: ${TurnAvailable.message}`
  return DNSReady?.reason === 'Missing' ? `Everything works here; ${DNSReady.message}` : 'Everything works.'
}

const stalledBy = ({ ending, problem }: Summary): Verdict<'Stalled'> | null => {
  const cause = ending.kind === 'stall' ? ending : problem
  return cause && { status: 'True', reason: cause.reason, message: cause.message }
}

/** Without a look at the parts nothing new is known: what was said of Ready stays, with the reason that it was not looked at. */
const unseen = (summary: Summary, reason: Reason<'Ready'>, message: string): Verdict<'Ready'> => {
  const before = summary.before.find(({ type }) => type === 'Ready')
  return { status: before?.status ?? 'Unknown', reason, message }
}

const ready = (summary: Summary): Verdict<'Ready'> => {
  const { ending, verdicts } = summary
  if (ending.kind === 'paused')
    return unseen(summary, 'Paused', 'Left as it is. Set spec.paused to false to have it looked after again.')
  if (ending.kind === 'retry') return unseen(summary, 'Failing', ending.message)
  const stalled = stalledBy(summary)
  if (stalled) return { status: 'False', reason: 'Stalled', message: stalled.message }
  const missing = unmet(verdicts)
  if (missing) return { status: 'False', reason: 'NotReady', message: missing.message }
  return { status: 'True', reason: 'Ready', message: readyMessage(verdicts) }
}

const reconciling = (summary: Summary, isReady: boolean): Verdict<'Reconciling'> | undefined => {
  const { ending } = summary
  // Whoever reads both takes the first for the truth (kstatus), and what waits for a person makes no progress.
  if (stalledBy(summary)) return undefined
  if (ending.kind === 'wait')
    return { status: 'True', reason: isReady ? 'RollingOut' : 'Progressing', message: ending.why }
  if (ending.kind === 'retry') return { status: 'True', reason: 'Progressing', message: ending.message }
  if (ending.kind === 'done' && !isReady)
    return { status: 'True', reason: 'Progressing', message: 'Waiting for the parts to be ready.' }
  return undefined
}

const dated = (type: ConditionType, verdict: Verdict, { before, now, generation }: Summary): Condition => {
  const old = before.find((condition) => condition.type === type)
  const lastTransitionTime = old?.status === verdict.status ? old.lastTransitionTime : now
  const message = verdict.message.slice(0, 2000)
  return {
    type,
    status: verdict.status,
    reason: verdict.reason,
    message,
    observedGeneration: generation,
    lastTransitionTime,
  }
}

/** Conditions that this pass did not look at stay as they were. */
const kept = ({ ending, before }: Summary): readonly Condition[] =>
  ending.kind === 'done' || ending.kind === 'wait'
    ? []
    : before.filter(({ type }) => type !== 'Reconciling' && type !== 'Stalled')

/** All conditions, in the order of the table. */
export const summarise = (summary: Summary): Condition[] => {
  const readyNow = ready(summary)
  const verdicts: Verdicts = {
    ...summary.verdicts,
    Ready: readyNow,
    Reconciling: reconciling(summary, readyNow.status === 'True'),
    Stalled: stalledBy(summary) ?? undefined,
  }
  return conditionTypes.flatMap((type) => {
    const verdict = verdicts[type] as Verdict | undefined
    if (verdict) return [dated(type, verdict, summary)]
    return kept(summary).filter((condition) => condition.type === type)
  })
}
