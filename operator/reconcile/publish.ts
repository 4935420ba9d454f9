/** Writes the status, once a pass and only when it differs, and tells of conditions that have changed. */
import { isDeepStrictEqual } from 'node:util'
import type { ConditionType } from '../api/conditions.ts'
import type { Status } from '../api/status.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { EventType } from '../runtime/event.ts'
import { type Condition, type Ending, summarise } from '../status/summarise.ts'
import type { Observed } from './observe.ts'
import type { Problem } from './outcome.ts'
import { serverResource } from './resources.ts'

/** Another one than that of children, so that neither ever gives up the other's fields. */
export const statusManager = 'chatmail-operator-status'

export type Record = (regarding: KubeObject, type: EventType, reason: string, note: string) => void

type Told = { status?: Status }

/** Conditions whose change is worth an event, and the status that is good news. */
const told: Partial<{ [T in ConditionType]: Condition['status'] }> = {
  Ready: 'True',
  MailAvailable: 'True',
  TurnAvailable: 'True',
  CertificateReady: 'True',
  Exposed: 'True',
  Stalled: 'False',
}

const transitions = (
  before: readonly Condition[],
  after: readonly Condition[],
): { type: EventType; condition: Condition }[] =>
  after.flatMap((condition) => {
    const good = told[condition.type as ConditionType]
    const old = before.find(({ type }) => type === condition.type)
    if (!good || (old?.status === condition.status && old.reason === condition.reason)) return []
    return [{ type: condition.status === good ? ('Normal' as const) : ('Warning' as const), condition }]
  })

/** A start is no news: what was never true is not told as lost. */
const isNews = ({ condition }: { condition: Condition }, before: readonly Condition[]): boolean =>
  condition.status === 'True' ||
  condition.type === 'Stalled' ||
  before.some(({ type, status }) => type === condition.type && status === 'True')

const statusOf = (object: KubeObject): Status => (object as Told).status ?? {}

export type Publication = {
  ending: Ending
  /** Null where the pass saw nothing: what was told before stays. */
  observed: Observed | null
  problem: Problem | null
  /** Unix milliseconds. */
  now: number
}

const built = (object: KubeObject, { ending, observed, problem, now }: Publication): Status => {
  const before = statusOf(object)
  const generation = object.metadata.generation ?? 0
  const conditions = summarise({
    generation,
    ending,
    problem,
    verdicts: observed?.verdicts ?? {},
    before: before.conditions ?? [],
    now: new Date(now).toISOString(),
  })
  const { conditions: _, observedGeneration: __, ...details } = before
  return { ...(observed?.details ?? details), observedGeneration: generation, conditions }
}

/** Resolves to the status that is in force. @throws ApiError */
export const publish = async (
  client: KubeClient,
  object: KubeObject,
  publication: Publication,
  record: Record,
): Promise<Status> => {
  const before = statusOf(object)
  const status = built(object, publication)
  if (isDeepStrictEqual(before, status)) return status
  const { name, namespace } = object.metadata
  const body = { apiVersion: object.apiVersion, kind: object.kind, metadata: { name, namespace: namespace! }, status }
  await client.applyStatus(serverResource, body, { manager: statusManager, force: true })
  const known = before.conditions ?? []
  for (const news of transitions(known, status.conditions ?? []).filter((each) => isNews(each, known)))
    record(
      object,
      news.type,
      `${news.condition.type}${news.condition.reason === news.condition.type ? '' : news.condition.reason}`,
      news.condition.message,
    )
  return status
}
