/** What rendering needs, from what was gathered and decided. */
import { noPeers, type TurnPeers } from '../../workloads/contract/turn-peers.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { allNat64 } from '../nat64/discovery.ts'
import type { Certificate, Facts } from '../render/facts.ts'
import { names } from '../render/names.ts'
import { takesOver } from '../render/turn/engine.ts'
import { deniedRanges } from './cluster-ranges.ts'
import type { Gathered } from './gather.ts'
import { type Relay, toldEndpoints } from './relays.ts'

export type Decided = {
  /** Image of the operator, which workloads run too. */
  image: string
  certificate: Certificate
  keyring: string
  managementToken: string
  relays: readonly Relay[]
  /** Nodes whose relay is about to be replaced. */
  withdrawn: ReadonlySet<string>
}

type ServiceSpec = { type?: string; ports?: { name?: string; nodePort?: number }[] }

const nodePorts = ({ live, server }: Gathered): Record<string, number> => {
  const spec = live.get(`Service/${names.mail(server)}`)?.spec as ServiceSpec | undefined
  if (spec?.type !== 'NodePort') return {}
  return Object.fromEntries(
    (spec.ports ?? []).flatMap(({ name, nodePort }) => (name && nodePort ? [[name, nodePort]] : [])),
  )
}

type ClaimSpec = { storageClassName?: string; resources?: { requests?: { storage?: string } } }

const volume = ({ live, server }: Gathered): Facts['volume'] => {
  const spec = live.get(`PersistentVolumeClaim/${names.mailData(server)}`)?.spec as ClaimSpec | undefined
  const size = spec?.resources?.requests?.storage
  return size ? { size, storageClassName: spec?.storageClassName ?? null } : null
}

const publicHost = ({ spec }: ChatmailServer): string => spec.exposure.host ?? spec.domain.replace(/^\[|\]$/g, '')

/** Under which addresses relays are seen by one another: those of their nodes, or of their pods behind a load balancer. */
const relayAddresses = (gathered: Gathered, relays: readonly Relay[]): string[] => {
  const onNodes = relays.flatMap(({ node, address }) => [node.publicIpv4, node.publicIpv6, address.ipv4, address.ipv6])
  const balanced = gathered.server.spec.turn.exposure === 'LoadBalancer'
  const inPods = balanced ? gathered.turnPods.map(({ status }) => status?.podIP) : []
  return [...new Set([...onNodes, ...inPods].filter((address) => typeof address === 'string'))].sort()
}

/** Relays of other nodes that take the clients of one that drains; the only one has nobody to take its place. */
const alternates = (relays: readonly Relay[], withdrawn: ReadonlySet<string>): TurnPeers['alternates'] => {
  if (relays.length === 1) return []
  return relays
    .filter(({ state, node, address }) => state === 'Ready' && address.ipv4 && !withdrawn.has(node.name))
    .map(({ address, port }) => ({ address: address.ipv4!, port }))
}

/** All but the URL of the Iroh relay, which is found with them. */
export const factsOf = (gathered: Gathered, decided: Decided): Facts => {
  const { relays, withdrawn } = decided
  return {
    platform: 'cluster',
    image: decided.image,
    publicHost: publicHost(gathered.server),
    listenAddress: '::',
    managementAddress: '::',
    certificate: decided.certificate,
    keyring: decided.keyring,
    managementToken: decided.managementToken,
    turnNodes: relays.map(({ node }) => node),
    turnEndpoints: toldEndpoints(relays, withdrawn, takesOver(gathered.server)),
    irohUrl: null,
    turnPeers: {
      ...noPeers,
      deny: deniedRanges(gathered.nodes, gathered.ranges),
      relays: relayAddresses(gathered, relays),
      nat64: allNat64(gathered.server.spec.turn.peers.nat64, gathered.ranges.nat64),
      alternates: alternates(relays, withdrawn),
    },
    nodePorts: nodePorts(gathered),
    volume: volume(gathered),
    monitoringKinds: gathered.monitoringKinds,
  }
}
