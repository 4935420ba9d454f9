/**
 * The TURN pods: one Deployment a node, pinned to it, because each binds the addresses of its node and two cannot hold
 * one port. So a rollout goes node by node, as whoever applies decides. Behind a load balancer nothing pins them.
 */
import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { seconds } from '../../api/quantities.ts'
import type { Facts, TurnNode } from '../facts.ts'
import { names } from '../names.ts'
import { annotationPrefix, type ContainerPort, metadata, selectorLabels, type Workload } from '../objects.ts'
import { mounted, podTemplate, sharedSources } from '../pods.ts'
import { managementPort } from '../ports.ts'
import { turnEngine } from './engine.ts'

/** Seconds beyond the drain deadline in which the process must have ended. */
const drainMargin = 10

/** What tells the pods and the objects of one node from those of another. */
export const turnNodeLabel = `${annotationPrefix}turn-node`
/** Of a Deployment: the port and the addresses that its relay is reached by, so that a change is told only when it is made. */
export const servesAnnotation = `${annotationPrefix}serves`
/** Of a Deployment: the place of its node in a list of addresses. */
export const placeAnnotation = `${annotationPrefix}place`

/** `3478 203.0.113.7,2001:db8::7` */
export const servesText = ({ publicIpv4, publicIpv6 }: TurnNode, port: number): string =>
  `${port} ${[publicIpv4, publicIpv6].filter((address) => address !== null).join(',')}`

const annotations = (server: ChatmailServer, node: TurnNode): Record<string, string> => ({
  [servesAnnotation]: servesText(node, server.spec.turn.port),
  ...(node.place === undefined ? {} : { [placeAnnotation]: String(node.place) }),
})

const network = (server: ChatmailServer): Record<string, unknown> =>
  server.spec.turn.exposure === 'HostNetwork' ? { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' } : {}

const placement = (server: ChatmailServer, node: TurnNode): Record<string, unknown> => ({
  serviceAccountName: names.turnAccount(server),
  ...network(server),
  nodeSelector: {
    ...server.spec.turn.nodeSelector,
    ...(node.hostname ? { 'kubernetes.io/hostname': node.hostname } : {}),
  },
  tolerations: server.spec.turn.tolerations,
})

const ports = ({ spec: { turn } }: ChatmailServer): ContainerPort[] => {
  const onNode = turn.exposure === 'HostNetwork' ? { hostPort: turn.port } : {}
  return [
    { name: 'turn', containerPort: turn.port, protocol: 'UDP', ...onNode },
    { name: 'turn-tcp', containerPort: turn.port, protocol: 'TCP', ...onNode },
  ]
}

/** The certificate is there for TURN over TLS; without it the relay serves UDP and TCP. */
const sources = (server: ChatmailServer, { certificate }: Facts, node: TurnNode) => [
  ...sharedSources(names.turnConfig(server, node), names.keyring(server), names.managementToken(server)),
  mounted('configMap', names.turnPeers(server), [mountedFiles.peers]),
  mounted('secret', certificate.secretName, [mountedFiles.certificate, mountedFiles.privateKey], true),
]

export const turnWorkload = (server: ChatmailServer, facts: Facts, node: TurnNode, config: string): Workload => {
  const { turn } = server.spec
  const name = names.turn(server, node)
  const selector = { ...selectorLabels(server, 'turn'), [turnNodeLabel]: node.name }
  const template = podTemplate(server, facts, {
    component: 'turn',
    labels: { ...metadata(server, 'turn', name).labels, ...selector },
    config,
    sources: sources(server, facts, node),
    ...turnEngine(server.spec, facts),
    ports: ports(server),
    managementPort: managementPort(server, facts.platform, 'turn'),
    gracePeriod: seconds(turn.drain.deadline) + drainMargin,
    resources: turn.resources,
    extra: placement(server, node),
  })
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(server, 'turn', name, annotations(server, node)),
    spec: { replicas: 1, strategy: { type: 'Recreate' }, selector: { matchLabels: selector }, template },
  }
}
