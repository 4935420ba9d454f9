/** Removes what this server owns and no longer consists of; by owner and label, never by guessing names. */
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Gathered } from './gather.ts'
import { idOf, resourceOf } from './resources.ts'
import { relayNodeOf } from './rollout.ts'
import { isTerminating } from './view.ts'

const isOwned = ({ object }: Gathered, live: KubeObject): boolean =>
  live.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid) ?? false

/** A relay goes, with its configuration, only when no mail pod tells clients of it any more: `known` says so. */
const mayGo = (object: KubeObject, known: boolean): boolean => relayNodeOf(object) === undefined || known

/** What is left to remove later. @throws ApiError */
export const prune = async (
  client: KubeClient,
  gathered: Gathered,
  desired: readonly KubeObject[],
  known: boolean,
): Promise<{ removed: string[]; waiting: KubeObject[] }> => {
  const wanted = new Set(desired.map(idOf))
  const surplus = [...gathered.live.values()].filter(
    (live) => !wanted.has(idOf(live)) && isOwned(gathered, live) && !isTerminating(live),
  )
  const going = surplus.filter((object) => mayGo(object, known))
  for (const { kind, metadata } of going)
    await client.delete(
      resourceOf({ kind }),
      { namespace: metadata.namespace!, name: metadata.name },
      { uid: metadata.uid! },
    )
  return { removed: going.map(idOf), waiting: surplus.filter((object) => !going.includes(object)) }
}
