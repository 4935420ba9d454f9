/** What rendering needs to know beside the resource. Whoever renders has found it out; nothing is looked up here. */
import type { TurnEndpoint } from '../../workloads/contract/relays.ts'
import { noPeers, type TurnPeers } from '../../workloads/contract/turn-peers.ts'

/** cluster: objects for Kubernetes. local: the same objects for the local runner, on this machine's own ports. */
export type Platform = 'cluster' | 'local'

/** A node that a TURN pod runs on, with the addresses that its sockets bind and that clients see. */
export type TurnNode = {
  /** Names the pod; a DNS label. */
  name: string
  /** Value of the label kubernetes.io/hostname that pins the pod, or null where there is one node alone. */
  hostname: string | null
  /** Local addresses that the client port binds. */
  listen: string[]
  /** Local address of relay sockets, or null where the family is off. */
  ipv4: string | 'machine' | null
  ipv6: string | null
  /** What clients are told instead, behind 1:1 NAT. */
  publicIpv4: string | null
  publicIpv6: string | null
  /** Which of the addresses of `turn.publicAddress` the node has, where they are listed there. */
  place?: number
}

export type Certificate = {
  /** The Secret that holds tls.crt and tls.key. */
  secretName: string
  /** The issuer that cert-manager is asked; null where it is not asked. */
  issuer: { name: string; kind: string } | null
  /** PEM where the Secret is made by whoever renders; null where somebody else keeps it. */
  pem: { crt: string; key: string } | null
  /** True when clients cannot verify it. */
  selfSigned: boolean
}

export type Facts = {
  platform: Platform
  /** Container image, with tag or digest. */
  image: string
  /** Name or address that mail clients connect to. */
  publicHost: string
  /** Local address that mail listens on; `::` is every one. */
  listenAddress: string
  /** Local address of the management ports. */
  managementAddress: string
  certificate: Certificate
  /** `keyring.json`. */
  keyring: string
  managementToken: string
  turnNodes: TurnNode[]
  /** The relays that are proven to work, for clients. */
  turnEndpoints: TurnEndpoint[]
  /** The URL of the relay for real-time apps while it is proven to work, for clients; null otherwise. */
  irohUrl: string | null
  /** What the relays must know of the place that they run in. */
  turnPeers: TurnPeers
  /** Ports that the API server has given a Service of type NodePort, by the name of the mail port. */
  nodePorts: Readonly<Record<string, number>>
  /** Storage class and size of a volume that is there already, which cannot be changed or made smaller. */
  volume: { storageClassName: string | null; size: string } | null
  /** Kinds of monitoring.coreos.com/v1 that the cluster serves. */
  monitoringKinds: ReadonlySet<string>
}

/** Facts that have no part on one machine. */
export const outsideACluster = {
  turnPeers: noPeers,
  nodePorts: {},
  volume: null,
  monitoringKinds: new Set<string>(),
} satisfies Partial<Facts>
