/**
 * The relay's pod: one, because two clients reach each other only in one process. A new one is ready before the old one
 * sends its clients away.
 */

import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { names } from '../names.ts'
import { metadata, selectorLabels, type Workload } from '../objects.ts'
import { mounted, podTemplate } from '../pods.ts'
import { managementPort } from '../ports.ts'
import { drainSpread } from './config.ts'

/** Seconds beyond the drain in which the process must have ended. */
const drainMargin = 10

export const irohWorkload = (server: ChatmailServer, facts: Facts, config: string): Workload => {
  const { port, resources } = server.spec.iroh
  const template = podTemplate(server, facts, {
    component: 'iroh',
    labels: metadata(server, 'iroh', names.iroh(server)).labels,
    config,
    sources: [
      mounted('configMap', names.irohConfig(server), [mountedFiles.config]),
      mounted('secret', names.managementToken(server), [mountedFiles.managementToken]),
    ],
    data: { name: 'data', emptyDir: { sizeLimit: '16Mi' } },
    ports: [{ name: 'iroh', containerPort: port, protocol: 'TCP' }],
    managementPort: managementPort(server, facts.platform, 'iroh'),
    gracePeriod: drainSpread[facts.platform] + drainMargin,
    resources,
    extra: { serviceAccountName: names.iroh(server) },
  })
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(server, 'iroh', names.iroh(server)),
    spec: {
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: selectorLabels(server, 'iroh') },
      template,
    },
  }
}
