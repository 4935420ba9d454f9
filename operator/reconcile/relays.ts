/**
 * The relays of a server: which nodes have one, what each is up to, and which are told to clients. Only what works is told:
 * its pod is ready and does not drain, its address is known, and a proof through that address has succeeded.
 */

import { type Keyring, signingKey } from '../../workloads/contract/keyring.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { relays, type TurnEndpoint } from '../../workloads/contract/relays.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { TurnNode } from '../render/facts.ts'
import { names } from '../render/names.ts'
import { turnNodeLabel } from '../render/turn/workload.ts'
import { podProblem } from '../status/pod-problem.ts'
import type { Gathered } from './gather.ts'
import { type Placement, placeRelays } from './placement/nodes.ts'
import { balancedNodes, shortName, turnNode } from './placement/turn-nodes.ts'
import type { Proofs, Proven } from './proofs.ts'
import { isPodReady, isTerminating, type Node, type Pod } from './view.ts'

export type RelayState = 'Starting' | 'Ready' | 'Draining' | 'Unreachable'

export type Relay = {
  node: TurnNode
  /** The node's own name; null behind a load balancer. */
  nodeName: string | null
  /** What clients are told. */
  host: string | null
  port: number
  state: RelayState
  /** Why it is not Ready: what is the case, why, and what to do. */
  reason: string | null
  /** True where another one takes its place. */
  leaving: boolean
}

/** The server's key in the controller's queue: a proof that turns out otherwise has it looked at again. */
const ownerOf = ({ server: { metadata } }: Gathered): string => `${metadata.namespace}/${metadata.name}`

export type RelaysStep = {
  relays: Relay[]
  /** Nodes that were chosen and have no address for clients. */
  withoutAddress: string[]
  /** Fewer nodes than the resource asks for. */
  missing: number
}

const balancerAddress = ({ server, live }: Gathered): string | null => {
  const service = live.get(`Service/${names.turnService(server)}`)
  return addressOf(service)
}

type ServiceObject = KubeObject & { status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } } }

/** The address that a load balancer has given to a Service. */
export const addressOf = (service: KubeObject | undefined): string | null => {
  const [first] = (service as ServiceObject | undefined)?.status?.loadBalancer?.ingress ?? []
  return first?.ip ?? first?.hostname ?? null
}

const podsOf = ({ turnPods }: Gathered, node: TurnNode): Pod[] =>
  turnPods.filter(({ metadata }) => metadata.labels?.[turnNodeLabel] === node.name)

type Judged = Pick<Relay, 'state' | 'reason'>

const judge = (gathered: Gathered, pods: readonly Pod[], proven: (pod: Pod) => Proven | null): Judged => {
  const pod = pods.find((candidate) => !isTerminating(candidate))
  if (pod && isPodReady(pod)) return judgeReady(gathered, pod, proven(pod))
  if (pods.some(isTerminating)) return { state: 'Draining', reason: 'Calls that run go on; no new ones are taken.' }
  return {
    state: 'Starting',
    reason: pod ? (podProblem(pod)?.message ?? 'The pod starts.') : 'The pod is not there yet.',
  }
}

const judgeReady = ({ states, server }: Gathered, pod: Pod, proven: Proven | null): Judged => {
  if (states.get(pod.metadata.uid!)?.draining) return { state: 'Draining', reason: 'It drains.' }
  if (server.spec.turn.publicAddress.proof === 'Skip') return { state: 'Ready', reason: null }
  if (!proven || proven.state === 'untried') return { state: 'Starting', reason: 'It is being proved.' }
  return proven.state === 'works' ? { state: 'Ready', reason: null } : { state: 'Unreachable', reason: proven.message }
}

const hostOf = ({ spec }: ChatmailServer, node: TurnNode, balancer: string | null): string | null =>
  spec.turn.hostname ?? (spec.turn.exposure === 'LoadBalancer' ? balancer : node.publicIpv4)

type RelaysMap = KubeObject & { data?: Record<string, string> }

/** What clients are told of at this moment. */
const toldNow = ({ server, live }: Gathered): ReadonlySet<string> => {
  const text = (live.get(`ConfigMap/${names.relays(server)}`) as RelaysMap | undefined)?.data?.[mountedFiles.relays]
  try {
    return new Set(relays.parse(JSON.parse(text ?? '{}')).turn.map(({ host, port }) => `${host}:${port}`))
  } catch {
    return new Set()
  }
}

const toRelay =
  (gathered: Gathered, ring: Keyring, proofs: Proofs, wanted: Set<string>, told = toldNow(gathered)) =>
  (node: TurnNode, nodeName: string | null, leaving: boolean): Relay => {
    const { server } = gathered
    const host = hostOf(server, node, balancerAddress(gathered))
    const { port } = server.spec.turn
    const pods = podsOf(gathered, node)
    const proven = (pod: Pod): Proven | null => {
      if (!host) return null
      const id = `${node.name}/${pod.metadata.uid}/${host}:${port}`
      wanted.add(id)
      const target = { host, port, secret: signingKey(ring).secret }
      return proofs.of(ownerOf(gathered), id, target, told.has(`${host}:${port}`))
    }
    return { node, nodeName, host, port, leaving, ...judge(gathered, pods, proven) }
  }

/** Nodes that have a Deployment of this server. */
const currentNodes = ({ live, nodes, server }: Gathered): ReadonlySet<string> =>
  new Set(
    nodes
      .map(({ metadata }) => metadata.name)
      .filter((name) => live.has(`Deployment/${names.turn(server, { name: shortName(name) })}`)),
  )

const place = (gathered: Gathered): Placement =>
  placeRelays(gathered.server.spec, gathered.nodes, currentNodes(gathered), gathered.now)

const onNodes = (gathered: Gathered, relay: ReturnType<typeof toRelay>): RelaysStep => {
  const { spec } = gathered.server
  const { chosen, leaving } = place(gathered)
  const made = chosen.map((node, index) => ({ name: node.metadata.name, turn: turnNode(spec, node, index) }))
  const staying = made.flatMap(({ name, turn }) => (turn ? [relay(turn, name, false)] : []))
  const replaced = staying.length > 0 && staying.every(({ state }) => state === 'Ready')
  const going = replaced ? [] : leaving.flatMap((node) => leavingRelay(gathered, node, relay))
  return {
    relays: [...staying, ...going],
    withoutAddress: made.filter(({ turn }) => !turn).map(({ name }) => name),
    missing: spec.turn.replicas - chosen.length,
  }
}

/** A static address goes by place in the list, so that only the annotation and the node itself can tell one that leaves. */
const leavingRelay = ({ server }: Gathered, node: Node, relay: ReturnType<typeof toRelay>): Relay[] => {
  const turn = turnNode(server.spec, node, server.spec.turn.replicas)
  return turn ? [relay(turn, node.metadata.name, true)] : []
}

export const findRelays = (gathered: Gathered, ring: Keyring, proofs: Proofs): RelaysStep => {
  const { spec } = gathered.server
  const owner = ownerOf(gathered)
  if (!spec.turn.enabled) {
    proofs.keepOnly(owner, new Set())
    return { relays: [], withoutAddress: [], missing: 0 }
  }
  const wanted = new Set<string>()
  const relay = toRelay(gathered, ring, proofs, wanted)
  const step =
    spec.turn.exposure === 'LoadBalancer'
      ? { relays: balancedNodes(spec).map((node) => relay(node, null, false)), withoutAddress: [], missing: 0 }
      : onNodes(gathered, relay)
  proofs.keepOnly(owner, wanted)
  return step
}

/** Behind a load balancer all pods are one endpoint. */
const endpointId = (relay: Relay): string => (relay.nodeName === null ? 'lb' : relay.node.name)

/** Those that clients are told, each once; `withdrawn` names nodes whose relay is about to be replaced. */
export const toldEndpoints = (relays: readonly Relay[], withdrawn: ReadonlySet<string>): TurnEndpoint[] => {
  const told = relays.filter(({ state, host, node }) => state === 'Ready' && host && !withdrawn.has(node.name))
  const endpoints = told.map((relay): [string, TurnEndpoint] => [
    endpointId(relay),
    { id: endpointId(relay), host: relay.host!, port: relay.port, state: 'ready' },
  ])
  return [...new Map(endpoints).values()]
}
