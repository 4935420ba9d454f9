/**
 * What the Prometheus operator needs to read the figures of all pods of a server: their management port, the token by
 * reference, and labels that say whose they are. https://prometheus-operator.dev/docs/api-reference/api/#podmonitor
 */
import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { names } from '../names.ts'
import { metadata, type PodMonitor, selectorLabels } from '../objects.ts'
import { componentLabel, nodeLabel, serverLabel } from './scraped.ts'

const interval = '30s'

/** Prometheus writes a label's name with `_` for what is neither letter nor digit. */
const podLabel = (name: string): string => `__meta_kubernetes_pod_label_${name.replace(/[^a-zA-Z0-9]/g, '_')}`

const relabelings = [
  { sourceLabels: [podLabel('app.kubernetes.io/instance')], targetLabel: serverLabel },
  { sourceLabels: [podLabel('app.kubernetes.io/component')], targetLabel: componentLabel },
  { sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: nodeLabel },
]

/** One for all components: each pod has its management port under the same name. */
export const podMonitor = (server: ChatmailServer): PodMonitor => {
  const { 'app.kubernetes.io/component': _, ...selector } = selectorLabels(server, 'mail')
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: metadata(server, 'monitoring', names.podMonitor(server)),
    spec: {
      selector: { matchLabels: selector },
      podMetricsEndpoints: [
        {
          port: 'management',
          path: '/metrics',
          interval,
          authorization: {
            type: 'Bearer',
            credentials: { name: names.managementToken(server), key: mountedFiles.managementToken },
          },
          relabelings,
        },
      ],
    },
  }
}
