/**
 * The relays of a server: which nodes have one, what each is up to, and which are told to clients. Only what works is told:
 * its pod is ready and does not drain, its address is known, and a proof through that address has succeeded.
 */

import { type Keyring, signingKey } from '../../workloads/contract/keyring.ts'
import type { TurnEndpoint } from '../../workloads/contract/relays.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { TurnNode } from '../render/facts.ts'
import { names } from '../render/names.ts'
import { placeAnnotation, turnNodeLabel } from '../render/turn/workload.ts'
import type { Gathered } from './gather.ts'
import { placeRelays } from './placement/nodes.ts'
import { placesOf } from './placement/places.ts'
import { countOfPlaces, type PublicAddress, publicAddress } from './placement/public-address.ts'
import { balancedNodes, shortName, turnNode } from './placement/turn-nodes.ts'
import type { Proofs, Proven } from './proofs.ts'
import { servedBy, serving } from './relay-address.ts'
import { type Judged, judge } from './relay-state.ts'
import { ownerOf, toldNow } from './told.ts'
import { isPodReady, isTerminating, type Node, type Pod } from './view.ts'

export type Relay = Judged & {
  node: TurnNode
  /** The node's own name; null behind a load balancer. */
  nodeName: string | null
  /** What clients are told. */
  host: string | null
  port: number
  /** Where the pod that runs is reached: another than the one of `node` until its change has had its turn. */
  address: PublicAddress
  /** Address of its pod inside the cluster; null while none is ready. */
  podIP: string | null
  /** True where another one takes its place. */
  leaving: boolean
  /** True where its node takes no new pod, so that one that is replaced would not come back. */
  cordoned: boolean
}

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

/** The address that a load balancer has given to a Service, one of IPv4 or a name where it has several. */
export const addressOf = (service: KubeObject | undefined): string | null => {
  const given = (service as ServiceObject | undefined)?.status?.loadBalancer?.ingress ?? []
  const first = given.find(({ ip }) => !ip?.includes(':')) ?? given[0]
  return first?.ip ?? first?.hostname ?? null
}

const podsOf = ({ turnPods }: Gathered, node: TurnNode): Pod[] =>
  turnPods.filter(({ metadata }) => metadata.labels?.[turnNodeLabel] === node.name)

const readyAddress = (pods: readonly Pod[]): string | null =>
  pods.find((pod) => isPodReady(pod) && !isTerminating(pod))?.status?.podIP ?? null

/** Clients cannot be told an IPv6 address, only a name that has one. */
const hostOf = ({ spec }: ChatmailServer, { ipv4 }: PublicAddress, balancer: string | null): string | null =>
  spec.turn.hostname ?? (spec.turn.exposure === 'HostNetwork' ? ipv4 : balancer?.includes(':') ? null : balancer)

/** Host and port of the relays that clients are told of. */
const toldAddresses = (gathered: Gathered): ReadonlySet<string> =>
  new Set(toldNow(gathered).turn.map(({ host, port }) => `${host}:${port}`))

const toRelay =
  (gathered: Gathered, ring: Keyring, proofs: Proofs, wanted: Set<string>, told = toldAddresses(gathered)) =>
  (node: TurnNode, place: Node | null, leaving: boolean): Relay => {
    const { server } = gathered
    const running = { pods: podsOf(gathered, node), deployment: deploymentOf(gathered, node.name) }
    const { address, port } = serving(gathered, node, running.deployment)
    const host = hostOf(server, address, balancerAddress(gathered))
    const proven = (pod: Pod): Proven | null => {
      if (!host) return null
      if (server.spec.turn.publicAddress.proof === 'Skip') return { state: 'works' }
      const id = `${node.name}/${pod.metadata.uid}/${host}:${port}`
      wanted.add(id)
      const target = { host, port, secret: signingKey(ring).secret }
      return proofs.of(ownerOf(gathered), id, target, told.has(`${host}:${port}`))
    }
    const nodeName = place?.metadata.name ?? null
    const cordoned = place?.spec?.unschedulable ?? false
    const podIP = readyAddress(running.pods)
    return { node, nodeName, host, port, address, podIP, leaving, cordoned, ...judge(gathered, running, proven) }
  }

/** The Deployment of the relay on a node of this short name. */
const deploymentOf = ({ live, server }: Gathered, name: string): KubeObject | undefined =>
  live.get(`Deployment/${names.turn(server, { name })}`)

/** Node → Deployment of those that have a relay of this server. */
const currentNodes = (gathered: Gathered): ReadonlyMap<string, KubeObject> =>
  new Map(
    gathered.nodes.flatMap(({ metadata: { name } }) => {
      const deployment = deploymentOf(gathered, shortName(name))
      return deployment ? [[name, deployment] as const] : []
    }),
  )

/** The addresses that the chosen nodes are to have. */
const withAddresses = (
  { spec }: ChatmailServer,
  chosen: readonly Node[],
  current: ReadonlyMap<string, KubeObject>,
): { node: Node; turn: TurnNode | null }[] => {
  const { source } = spec.turn.publicAddress
  const kept = [...current].flatMap(([name, { metadata }]) => {
    const place = metadata.annotations?.[placeAnnotation]
    return place && /^\d{1,2}$/.test(place) ? [[name, Number(place)] as const] : []
  })
  const places = placesOf(
    chosen.map(({ metadata }) => metadata.name),
    new Map(kept),
    countOfPlaces(spec),
  )
  return chosen.map((node) => {
    const place = places.get(node.metadata.name)!
    return { node, turn: turnNode(node, publicAddress(spec, node, place), source === 'Static' ? place : undefined) }
  })
}

const onNodes = (gathered: Gathered, relay: ReturnType<typeof toRelay>): RelaysStep => {
  const { spec } = gathered.server
  const current = currentNodes(gathered)
  const { chosen, leaving } = placeRelays(spec, gathered.nodes, new Set(current.keys()), gathered.now)
  const made = withAddresses(gathered.server, chosen, current)
  const staying = made.flatMap(({ node, turn }) => (turn ? [relay(turn, node, false)] : []))
  const working = staying.filter(({ state }) => state === 'Ready').length
  const replaced = working > 0 && working === chosen.length
  const going = replaced ? [] : leaving.flatMap((node) => leavingRelay(node, current.get(node.metadata.name), relay))
  return {
    relays: [...staying, ...going],
    withoutAddress: made.filter(({ turn }) => !turn).map(({ node }) => node.metadata.name),
    missing: spec.turn.replicas - chosen.length,
  }
}

/** One that leaves stays as it is until it goes. */
const leavingRelay = (node: Node, deployment: KubeObject | undefined, relay: ReturnType<typeof toRelay>): Relay[] => {
  const address = servedBy(deployment)?.address
  const turn = address ? turnNode(node, address) : null
  return turn ? [relay(turn, node, true)] : []
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

/**
 * Those that clients are told, each once; `withdrawn` names nodes whose relay is about to be replaced, `takesOver` says whether
 * the program that relays takes clients from mail's HTTPS port.
 */
export const toldEndpoints = (
  relays: readonly Relay[],
  withdrawn: ReadonlySet<string>,
  takesOver: boolean,
): TurnEndpoint[] => {
  const told = relays.filter(({ state, host, node }) => state === 'Ready' && host && !withdrawn.has(node.name))
  const endpoints = told.map((relay): [string, TurnEndpoint] => [
    endpointId(relay),
    {
      id: endpointId(relay),
      host: relay.host!,
      port: relay.port,
      state: 'ready',
      ...(takesOver && relay.podIP ? { handOver: { host: relay.podIP, port: relay.port } } : {}),
    },
  ])
  return [...new Map(endpoints).values()]
}
