/**
 * Replacing relays one at a time, because two pods of one node cannot hold one port and a call should end where it runs:
 * a relay is no longer told to clients, then every mail pod confirms that, then its Deployment changes (the old pod drains),
 * and only when the new one is proven comes the next.
 */
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { digestOf } from '../../workloads/contract/state.ts'
import type { KubeObject } from '../kube/objects.ts'
import { names } from '../render/names.ts'
import { turnNodeLabel } from '../render/turn/workload.ts'
import type { Gathered } from './gather.ts'
import type { Relay } from './relays.ts'
import { idOf } from './resources.ts'
import { isSettled } from './settled.ts'

const selectorOf = (object: KubeObject): Record<string, string> =>
  (object.spec as { selector?: { matchLabels?: Record<string, string> } } | undefined)?.selector?.matchLabels ?? {}

/** The node of a TURN Deployment, as its names have it; undefined for any other object. */
export const nodeOf = (object: KubeObject): string | undefined =>
  object.kind === 'Deployment' ? selectorOf(object)[turnNodeLabel] : undefined

/** The node whose relay the object is a part of. */
export const relayNodeOf = (object: KubeObject): string | undefined =>
  nodeOf(object) ?? object.metadata.labels?.[turnNodeLabel]

const changed = ({ live }: Gathered, objects: readonly KubeObject[]): string[] =>
  objects.flatMap((object) => {
    const node = nodeOf(object)
    const exists = live.get(idOf(object))
    return node && exists && !isSettled(exists, object) ? [node] : []
  })

/** True when the node's relay serves nobody new anyway. */
const isIdle = (relays: readonly Relay[], node: string): boolean =>
  relays.every((relay) => relay.node.name !== node || relay.idle)

/**
 * Nodes whose relay is to be replaced now. One that has no clients goes at once; of the others one, while all the rest are up:
 * first one that drains already, which would come back only to be replaced. One that leaves goes as it
 * is, and one on a cordoned node stays as it is.
 */
export const toReplace = (
  gathered: Gathered,
  relays: readonly Relay[],
  objects: readonly KubeObject[],
): Set<string> => {
  const nodes = changed(gathered, objects)
  const idle = nodes.filter((node) => isIdle(relays, node))
  if (idle.length > 0) return new Set(idle)
  const serving = relays.filter(({ node, leaving, cordoned }) => nodes.includes(node.name) && !leaving && !cordoned)
  const next = serving.find(({ state }) => state === 'Draining') ?? serving.find(({ state }) => state === 'Ready')
  const othersUp = relays.every((relay) => relay === next || relay.state === 'Ready')
  return new Set(next && othersUp ? [next.node.name] : [])
}

/**
 * What mail pods that run tell clients of: exactly the relays that they should (`knows`), still other ones (`lags`), or nobody
 * can say, because one does not answer (`silent`). A pod that does not run tells nobody and starts with what is written; but
 * before that is written nobody knows, as copies of pods lag and one may just have started.
 */
export type MailView = 'knows' | 'lags' | 'silent'

export const mailView = ({ server, live, mailPods, states }: Gathered, relaysText: string): MailView => {
  const written = live.get(`ConfigMap/${names.relays(server)}`)?.data as Record<string, string> | undefined
  if (written?.[mountedFiles.relays] !== relaysText) return 'lags'
  const wanted = digestOf(relaysText)
  const told = mailPods.flatMap(({ metadata }) => states.get(metadata.uid!) ?? [])
  if (told.some(({ loaded }) => loaded[mountedFiles.relays]?.digest !== wanted)) return 'lags'
  return mailPods.some(({ metadata }) => states.get(metadata.uid!) === null) ? 'silent' : 'knows'
}

/**
 * What may be applied now; the rest waits for its turn, the configuration of a relay together with its Deployment. One that
 * serves nobody is mended even while mail pods do not answer.
 */
export const releasable = (
  gathered: Gathered,
  relays: readonly Relay[],
  replacing: ReadonlySet<string>,
  mail: MailView,
  objects: readonly KubeObject[],
): { now: KubeObject[]; held: KubeObject[] } => {
  const mayChange = (node: string): boolean =>
    replacing.has(node) && (mail === 'knows' || (mail === 'silent' && isIdle(relays, node)))
  const held = new Set(changed(gathered, objects).filter((node) => !mayChange(node)))
  const isHeld = (object: KubeObject): boolean => held.has(relayNodeOf(object) ?? '')
  return { now: objects.filter((object) => !isHeld(object)), held: objects.filter(isHeld) }
}

/** The nodes, by their own names and each once, of relays of which a part waits for its turn. */
export const waitingNodes = (waiting: readonly KubeObject[], relays: readonly Relay[]): string[] => {
  const nodeNames = new Map(relays.map(({ node, nodeName }) => [node.name, nodeName]))
  const nodes = new Set(waiting.flatMap((object) => relayNodeOf(object) ?? []))
  return [...nodes].map((node) => nodeNames.get(node) ?? node)
}
