/**
 * The TURN pods: one Deployment a node, pinned to it, because each binds the addresses of its node and two cannot hold
 * one port. So a rollout goes node by node, as whoever applies decides.
 */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { seconds } from '../../api/quantities.ts'
import type { Facts, TurnNode } from '../facts.ts'
import { names } from '../names.ts'
import { metadata, selectorLabels, type Workload } from '../objects.ts'
import { podTemplate, sharedSources } from '../pods.ts'
import { managementPort } from '../ports.ts'

/** Seconds beyond the drain deadline in which the process must have ended. */
const drainMargin = 10

const placement = (server: ChatmailServer, node: TurnNode): Record<string, unknown> => ({
  serviceAccountName: names.turnAccount(server),
  hostNetwork: true,
  dnsPolicy: 'ClusterFirstWithHostNet',
  nodeSelector: {
    ...server.spec.turn.nodeSelector,
    ...(node.hostname ? { 'kubernetes.io/hostname': node.hostname } : {}),
  },
  tolerations: server.spec.turn.tolerations,
})

export const turnWorkload = (server: ChatmailServer, facts: Facts, node: TurnNode, config: string): Workload => {
  const { turn } = server.spec
  const name = names.turn(server, node)
  const selector = { ...selectorLabels(server, 'turn'), 'chatmail.dev/turn-node': node.name }
  const management = managementPort(server, facts.platform, 'turn')
  const template = podTemplate(facts, {
    component: 'turn',
    labels: { ...metadata(server, 'turn', name).labels, ...selector },
    config,
    sources: sharedSources(names.turnConfig(server, node), names.keyring(server), names.managementToken(server)),
    data: { name: 'data', emptyDir: { sizeLimit: '64Mi' } },
    ports: [{ name: 'turn', containerPort: turn.port, protocol: 'UDP', hostPort: turn.port }],
    managementPort: management,
    gracePeriod: seconds(turn.drain.deadline) + drainMargin,
    resources: { requests: { cpu: '100m', memory: '96Mi' }, limits: { memory: '512Mi' } },
    extra: placement(server, node),
  })
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(server, 'turn', name),
    spec: { replicas: 1, strategy: { type: 'Recreate' }, selector: { matchLabels: selector }, template },
  }
}
