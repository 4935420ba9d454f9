/**
 * Which nodes run a relay. Nodes that have one keep it while they can; one that cannot take pods any more (cordoned, gone
 * dark) keeps its relay until another node has taken over, and for good where there is no other.
 */
import type { ChatmailServerSpec } from '../../api/chatmail-server.ts'
import type { Toleration } from '../../api/spec/pods.ts'
import type { Node, Taint } from '../view.ts'

/** A node may be dark for this long before its relay moves: the time that Kubernetes gives pods there by default. */
const patienceMs = 300_000

/** The taints that say what is judged here anyway. */
const lifecycle = /^node\.kubernetes\.io\/(unschedulable|not-ready|unreachable)$/

const tolerates = (taint: Taint, { key, operator, value, effect }: Toleration): boolean =>
  (key === undefined ? operator === 'Exists' : key === taint.key) &&
  (effect === undefined || effect === taint.effect) &&
  (operator === 'Exists' || (value ?? '') === (taint.value ?? ''))

/** True when the resource allows a relay on the node, whatever the node's state. */
const isMeant = ({ turn }: ChatmailServerSpec, { metadata, spec }: Node): boolean =>
  Object.entries(turn.nodeSelector).every(([key, value]) => metadata.labels?.[key] === value) &&
  (spec?.taints ?? []).every(
    (taint) =>
      taint.effect === 'PreferNoSchedule' ||
      lifecycle.test(taint.key) ||
      turn.tolerations.some((toleration) => tolerates(taint, toleration)),
  )

const readyCondition = ({ status }: Node) => status?.conditions?.find(({ type }) => type === 'Ready')

export const isNodeReady = (node: Node): boolean => readyCondition(node)?.status === 'True'

/** `now` in Unix milliseconds. */
const isAlive = (node: Node, now: number): boolean => {
  const ready = readyCondition(node)
  return (
    ready?.status === 'True' || (ready !== undefined && Date.parse(ready.lastTransitionTime ?? '') > now - patienceMs)
  )
}

export type Placement = {
  /** Nodes that are to have a relay, by name. */
  chosen: Node[]
  /** Nodes that have one and hand it over to those. */
  leaving: Node[]
}

const byName = (a: Node, b: Node): number => (a.metadata.name < b.metadata.name ? -1 : 1)

/** `current` are the names of nodes that have a relay now. */
export const placeRelays = (
  spec: ChatmailServerSpec,
  nodes: readonly Node[],
  current: ReadonlySet<string>,
  now: number,
): Placement => {
  const meant = nodes.filter((node) => isMeant(spec, node)).sort(byName)
  const has = (node: Node): boolean => current.has(node.metadata.name)
  const fit = (node: Node): boolean => !node.spec?.unschedulable && (has(node) ? isAlive(node, now) : isNodeReady(node))
  const ranked = [
    ...meant.filter((node) => fit(node) && has(node)),
    ...meant.filter((node) => fit(node) && !has(node)),
    ...meant.filter((node) => !fit(node) && has(node)),
  ]
  const chosen = ranked.slice(0, spec.turn.replicas).sort(byName)
  const leaving = nodes.filter((node) => has(node) && !chosen.includes(node)).sort(byName)
  return { chosen, leaving }
}
