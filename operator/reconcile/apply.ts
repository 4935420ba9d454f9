/**
 * Brings what exists to what is desired, by server-side apply under one field manager. Nothing is written where nothing
 * differs, and an object that somebody else has made is never taken over.
 */
import { isConflict, isInvalid } from '../kube/errors.ts'
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

/**
 * A version that no object has, as etcd begins with it: an apply with this one makes an object and changes none. Copies hold
 * what carries our label; whether something else has the name, such an apply tells without asking first.
 */
const versionOfNone = '1'

const nameOf = ({ metadata: { namespace, name } }: KubeObject) =>
  namespace === undefined ? { name } : { namespace, name }

/** The version that the decision was made on: where the ring is written, a newer one makes this fail and the pass come again. */
const versioned = (object: KubeObject, live: KubeObject): KubeObject => {
  const { resourceVersion } = live.metadata
  if (object.kind !== 'Secret' || resourceVersion === undefined) return object
  return { ...object, metadata: { ...object.metadata, resourceVersion } }
}

const untouched = (problem: Problem | null = null, isForeign = false): Applied => ({ written: [], problem, isForeign })

const write = async ({ client, caches }: Writer, object: KubeObject): Promise<Applied> => {
  try {
    caches.wrote(await client.apply(resourceOf(object), object, options))
  } catch (error) {
    const problem = nodePortProblem(object, error) ?? (isInvalid(error) ? refused(object, error) : null)
    if (!problem) throw error
    return untouched(problem)
  }
  return { written: [idOf(object)], problem: null, isForeign: false }
}

const change = (writer: Writer, { server, object: { metadata } }: Gathered, live: KubeObject, object: KubeObject) => {
  if (!belongsTo(server, metadata.uid!, live)) return untouched(foreign(object), true)
  return isSettled(live, object) ? untouched() : write(writer, versioned(object, live))
}

const make = async (writer: Writer, gathered: Gathered, object: KubeObject): Promise<Applied> => {
  const metadata = { ...object.metadata, resourceVersion: versionOfNone }
  try {
    return await write(writer, { ...object, metadata })
  } catch (error) {
    // A Secret that has come just now may hold what must not be made anew: the next pass reads it.
    if (!isConflict(error) || object.kind === 'Secret') throw error
  }
  const live = await writer.client.get(resourceOf(object), nameOf(object))
  return live ? change(writer, gathered, live, object) : write(writer, object)
}

const applyOne = async (writer: Writer, gathered: Gathered, object: KubeObject): Promise<Applied> => {
  const live = gathered.live.get(idOf(object))
  return live ? change(writer, gathered, live, object) : make(writer, gathered, object)
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
