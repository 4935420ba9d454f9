/**
 * Replacing relays one at a time, because two pods of one node cannot hold one port and a call should end where it runs:
 * a relay is no longer told to clients, then every mail pod confirms that, then its Deployment changes (the old pod drains),
 * and only when the new one is proven comes the next.
 */
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { digestOf } from '../../workloads/contract/state.ts'
import type { KubeObject } from '../kube/objects.ts'
import { turnNodeLabel } from '../render/turn/workload.ts'
import type { Gathered } from './gather.ts'
import type { Relay } from './relays.ts'
import { idOf } from './resources.ts'
import { isSettled } from './settled.ts'
import { isRunning } from './view.ts'

const selectorOf = (object: KubeObject): Record<string, string> =>
  (object.spec as { selector?: { matchLabels?: Record<string, string> } } | undefined)?.selector?.matchLabels ?? {}

/** The node of a TURN Deployment, as its names have it; undefined for any other object. */
export const nodeOf = (object: KubeObject): string | undefined =>
  object.kind === 'Deployment' ? selectorOf(object)[turnNodeLabel] : undefined

const changed = ({ live }: Gathered, objects: readonly KubeObject[]): string[] =>
  objects.flatMap((object) => {
    const node = nodeOf(object)
    const exists = live.get(idOf(object))
    return node && exists && !isSettled(exists, object) ? [node] : []
  })

/** True when the node's relay serves nobody new anyway. */
const isIdle = (relays: readonly Relay[], node: string): boolean =>
  relays.every((relay) => relay.node.name !== node || (relay.state !== 'Ready' && relay.state !== 'Draining'))

/**
 * Nodes whose relay is to be replaced now. One that serves nobody goes at once; of the others the first, while all the rest
 * are up. A relay that drains already is on its way.
 */
export const toReplace = (
  gathered: Gathered,
  relays: readonly Relay[],
  objects: readonly KubeObject[],
): Set<string> => {
  const nodes = changed(gathered, objects).sort()
  const idle = nodes.filter((node) => isIdle(relays, node))
  const [next] = nodes.filter((node) => !idle.includes(node))
  const othersUp = relays.every(
    ({ node, state }) => node.name === next || state === 'Ready' || idle.includes(node.name),
  )
  return new Set([...idle, ...(next && othersUp && idle.length === 0 ? [next] : [])])
}

/** True when every mail pod that runs tells clients exactly this. */
export const mailKnows = ({ mailPods, states }: Gathered, relaysText: string): boolean =>
  mailPods
    .filter(isRunning)
    .every(({ metadata }) => states.get(metadata.uid!)?.loaded[mountedFiles.relays]?.digest === digestOf(relaysText))

/** What may be applied now; the rest waits for its turn. */
export const releasable = (
  gathered: Gathered,
  relays: readonly Relay[],
  replacing: ReadonlySet<string>,
  known: boolean,
  objects: readonly KubeObject[],
): { now: KubeObject[]; held: KubeObject[] } => {
  const held = new Set(
    changed(gathered, objects).filter((node) => !(replacing.has(node) && (known || isIdle(relays, node)))),
  )
  return {
    now: objects.filter((object) => !held.has(nodeOf(object) ?? '')),
    held: objects.filter((object) => held.has(nodeOf(object) ?? '')),
  }
}
