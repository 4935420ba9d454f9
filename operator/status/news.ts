/** Which changes of conditions are told as events: transitions only, so that the story of a server is short. Pure. */
import type { ConditionType } from '../api/conditions.ts'
import type { Condition } from './summarise.ts'

export type News = { type: 'Normal' | 'Warning'; reason: string; note: string }

/** Conditions that are told, with the status that is good news and how an event's reason begins. */
const told: Partial<Record<ConditionType, { good: Condition['status']; prefix: string }>> = {
  Ready: { good: 'True', prefix: '' },
  Stalled: { good: 'False', prefix: '' },
  MailAvailable: { good: 'True', prefix: 'Mail' },
  TurnAvailable: { good: 'True', prefix: 'Turn' },
  IrohAvailable: { good: 'True', prefix: 'Iroh' },
  CertificateReady: { good: 'True', prefix: 'Certificate' },
  Exposed: { good: 'True', prefix: '' },
}

/** A start is no news: what was never true is not told as lost. */
const isNews = (condition: Condition, before: readonly Condition[]): boolean =>
  condition.status === 'True' || before.some(({ type, status }) => type === condition.type && status === 'True')

const newsFrom = (condition: Condition, before: readonly Condition[]): News[] => {
  const about = told[condition.type as ConditionType]
  const old = before.find(({ type }) => type === condition.type)
  if (!about || (old?.status === condition.status && old.reason === condition.reason)) return []
  if (!isNews(condition, before)) return []
  const type = condition.status === about.good ? 'Normal' : 'Warning'
  return [{ type, reason: about.prefix + condition.reason, note: condition.message }]
}

export const newsOf = (before: readonly Condition[], after: readonly Condition[]): News[] =>
  after.flatMap((condition) => newsFrom(condition, before))
