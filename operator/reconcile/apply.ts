/**
 * Brings what exists to what is desired, by server-side apply under one field manager. Nothing is written where nothing
 * differs, and an object that somebody else has made is never taken over.
 */
import { isInvalid } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Gathered, Sources } from './gather.ts'
import { nodePortProblem } from './node-ports.ts'
import type { Problem } from './outcome.ts'
import { idOf, resourceOf } from './resources.ts'
import { isSettled } from './settled.ts'
import { belongsTo } from './wire.ts'

export const fieldManager = 'chatmail-operator'

/** What an apply needs: the copies are told what was written before the API server tells them. */
type Writer = Pick<Sources, 'client' | 'caches'>

const options = { manager: fieldManager, force: true }

export type Applied = {
  written: string[]
  problem: Problem | null
  /** True where an object is of somebody else. */
  isForeign: boolean
}

const foreign = (object: KubeObject): Problem => ({
  reason: 'AdoptionRefused',
  message: `${object.kind} ${object.metadata.name} exists and is not of this server. Delete or rename it, or give the server another name.`,
})

const refused = (object: KubeObject, error: Error): Problem => ({
  reason: 'ChangeRefused',
  message: `The API server refuses the change of ${object.kind} ${object.metadata.name}: ${error.message}. Undo the change of the spec, or delete that object so that it is made anew.`,
})

/** Copies hold what carries our label; of what is not among them the API server itself is asked. */
const existing = async ({ client }: Writer, { live }: Gathered, object: KubeObject): Promise<KubeObject | null> =>
  live.get(idOf(object)) ?? (await client.get(resourceOf(object), nameOf(object)))

const nameOf = ({ metadata: { namespace, name } }: KubeObject) =>
  namespace === undefined ? { name } : { namespace, name }

/** The version that the decision was made on: where the ring is written, a newer one makes this fail and the pass come again. */
const versioned = (object: KubeObject, live: KubeObject | null): KubeObject => {
  const { resourceVersion } = live?.metadata ?? {}
  if (object.kind !== 'Secret' || resourceVersion === undefined) return object
  return { ...object, metadata: { ...object.metadata, resourceVersion } }
}

const applyOne = async (writer: Writer, gathered: Gathered, object: KubeObject): Promise<Applied> => {
  const live = await existing(writer, gathered, object)
  if (live && !belongsTo(gathered.server, gathered.object.metadata.uid!, live))
    return { written: [], problem: foreign(object), isForeign: true }
  if (live && isSettled(live, object)) return { written: [], problem: null, isForeign: false }
  try {
    writer.caches.wrote(await writer.client.apply(resourceOf(object), versioned(object, live), options))
  } catch (error) {
    const problem = nodePortProblem(object, error) ?? (isInvalid(error) ? refused(object, error) : null)
    if (!problem) throw error
    return { written: [], problem, isForeign: false }
  }
  return { written: [idOf(object)], problem: null, isForeign: false }
}

/** Pods would run with what they mount of somebody else: the mail of another domain, say. */
const runsPods = ({ kind }: KubeObject): boolean => kind === 'Deployment' || kind === 'StatefulSet'

/** All at once, as many as the client has connections. @throws the first failure, after all have ended */
const applyTogether = async (writer: Writer, gathered: Gathered, objects: readonly KubeObject[]): Promise<Applied> => {
  const outcomes = await Promise.allSettled(objects.map((object) => applyOne(writer, gathered, object)))
  const applied = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
  return {
    written: applied.flatMap(({ written }) => written),
    problem: applied.find(({ problem }) => problem)?.problem ?? null,
    isForeign: applied.some(({ isForeign }) => isForeign),
  }
}

/**
 * First everything that pods mount, then what runs them. The first problem is told, the rest is applied all the same, but
 * no pods beside an object that is not of this server. @throws ApiError when a call fails
 */
export const applyAll = async (
  writer: Writer,
  gathered: Gathered,
  objects: readonly KubeObject[],
): Promise<Applied> => {
  const first = await applyTogether(
    writer,
    gathered,
    objects.filter((object) => !runsPods(object)),
  )
  if (first.isForeign) return first
  const pods = await applyTogether(writer, gathered, objects.filter(runsPods))
  return {
    written: [...first.written, ...pods.written],
    problem: first.problem ?? pods.problem,
    isForeign: pods.isForeign,
  }
}
