/**
 * A changed Secret or ConfigMap reaches the files of a running pod after up to a minute and a half; a pod whose own object
 * changes is looked after at once. So pods are marked with the digest of what is mounted.
 */

import { digestOf } from '../../workloads/contract/state.ts'
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

const digest = (objects: readonly KubeObject[], ids: readonly string[]): string =>
  digestOf(JSON.stringify(objects.filter((object) => ids.includes(idOf(object))).map(({ data }) => data)))

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
  const wanted = { mail: digest(objects, ids.mail), turn: digest(objects, ids.turn) }
  const stale = (['mail', 'turn'] as const).flatMap((component) =>
    (component === 'mail' ? gathered.mailPods : gathered.turnPods)
      .filter(isRunning)
      .filter(({ metadata }) => metadata.annotations?.[mountedAnnotation] !== wanted[component])
      .map((pod) => ({ pod, value: wanted[component] })),
  )
  for (const { pod, value } of stale) await mark(client, pod, value)
  return stale.length
}
