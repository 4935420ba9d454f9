/**
 * A changed Secret or ConfigMap reaches the files of a running pod after up to a minute and a half; a pod whose own object
 * changes is looked after at once. So pods are marked with the digest of what is mounted.
 */

import { digestOf, type WorkloadState } from '../../workloads/contract/state.ts'
import type { KubeClient } from '../kube/client.ts'
import { isInvalid, isNotFound } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import { names } from '../render/names.ts'
import { annotationPrefix } from '../render/objects.ts'
import type { Gathered } from './gather.ts'
import { idOf, podResource } from './resources.ts'
import { isRunning, type Pod } from './view.ts'

const mountedAnnotation = `${annotationPrefix}mounted`

/** What each component has mounted and is reloaded in place. */
const mounted = ({ server }: Gathered) => {
  const keys = [`Secret/${names.keyring(server)}`, `Secret/${names.managementToken(server)}`]
  return {
    mail: [...keys, `ConfigMap/${names.relays(server)}`, `Secret/${names.certificate(server)}`],
    turn: [...keys, `ConfigMap/${names.turnPeers(server)}`, `Secret/${names.certificate(server)}`],
  }
}

const digest = (objects: readonly KubeObject[]): string => digestOf(JSON.stringify(objects.map(({ data }) => data)))

/** The files of these objects, by their names. */
const digests = (objects: readonly KubeObject[]): [string, string][] =>
  objects.flatMap(({ kind, data }) =>
    Object.entries((data ?? {}) as Record<string, string>).map(([file, content]): [string, string] => [
      file,
      digestOf(kind === 'Secret' ? Buffer.from(content, 'base64') : content),
    ]),
  )

/** True of a pod that says itself that it has loaded every file as it is: one that started after the last change, say. */
const hasAll = (state: WorkloadState | null | undefined, files: readonly [string, string][]): boolean =>
  files.every(([file, digest]) => state?.loaded[file]?.digest === digest)

const mark = async (client: KubeClient, { metadata }: Pod, value: string): Promise<void> => {
  const ref = { namespace: metadata.namespace!, name: metadata.name }
  const patch = { metadata: { uid: metadata.uid, annotations: { [mountedAnnotation]: value } } }
  await client.mergePatch(podResource, ref, patch).catch((error) => {
    // It has gone, or another pod has its name by now, whose uid the patch cannot change.
    if (!isNotFound(error) && !isInvalid(error)) throw error
  })
}

/** `objects` are those that were applied. Resolves to the number of pods that were marked. @throws ApiError */
export const poke = async (client: KubeClient, gathered: Gathered, objects: readonly KubeObject[]): Promise<number> => {
  const ids = mounted(gathered)
  const stale = (['mail', 'turn'] as const).flatMap((component) => {
    const files = objects.filter((object) => ids[component].includes(idOf(object)))
    const value = digest(files)
    const unmarked = (component === 'mail' ? gathered.mailPods : gathered.turnPods)
      .filter(isRunning)
      .filter(({ metadata }) => metadata.annotations?.[mountedAnnotation] !== value)
    const wanted = unmarked.length > 0 ? digests(files) : []
    return unmarked
      .filter(({ metadata }) => !hasAll(gathered.states.get(metadata.uid!), wanted))
      .map((pod) => ({ pod, value }))
  })
  for (const { pod, value } of stale) await mark(client, pod, value)
  return stale.length
}
