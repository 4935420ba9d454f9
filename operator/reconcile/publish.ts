/** Writes the status, once a pass and only when it differs, and tells of conditions that have changed. */
import { isDeepStrictEqual } from 'node:util'
import type { Status } from '../api/status.ts'
import { isNotFound } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { EventType } from '../runtime/event.ts'
import { newsOf } from '../status/news.ts'
import { type Ending, summarise } from '../status/summarise.ts'
import type { Sources } from './gather.ts'
import type { Observed } from './observe.ts'
import type { Problem } from './outcome.ts'
import { serverResource } from './resources.ts'

/** Another one than that of children, so that neither ever gives up the other's fields. */
const statusManager = 'chatmail-operator-status'

export type Record = (regarding: KubeObject, type: EventType, reason: string, note: string) => void

type Told = { status?: Status }

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
  { client, caches }: Pick<Sources, 'client' | 'caches'>,
  object: KubeObject,
  publication: Publication,
  record: Record,
): Promise<Status> => {
  const before = statusOf(object)
  const status = built(object, publication)
  if (isDeepStrictEqual(before, status)) return status
  const { conditions = [] } = status
  const { name, namespace } = object.metadata
  const body = { apiVersion: object.apiVersion, kind: object.kind, metadata: { name, namespace: namespace! }, status }
  const written = await client
    .applyStatus(serverResource, body, { manager: statusManager, force: true })
    .catch((error: unknown) => {
      if (isNotFound(error)) return null
      throw error
    })
  // It was deleted in the meantime, and nobody asks any more.
  if (!written) return status
  caches.wrote(written)
  for (const { type, reason, note } of newsOf(before.conditions ?? [], conditions)) record(object, type, reason, note)
  return status
}
