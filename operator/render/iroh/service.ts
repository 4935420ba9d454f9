/** The Service that mail reaches the relay by, and the policy that keeps everybody else from it. */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { names } from '../names.ts'
import { metadata, type NetworkPolicy, type Service, selectorLabels } from '../objects.ts'
import { managementPort } from '../ports.ts'

export const irohService = (server: ChatmailServer): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata(server, 'iroh', names.iroh(server)),
  spec: {
    type: 'ClusterIP',
    selector: selectorLabels(server, 'iroh'),
    ports: [{ name: 'iroh', port: server.spec.iroh.port, targetPort: 'iroh', protocol: 'TCP' }],
  },
})

/** The relay takes mail's word for who a client is, so mail alone may speak to it. */
export const irohNetworkPolicy = (server: ChatmailServer, facts: Facts): NetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata(server, 'iroh', names.iroh(server)),
  spec: {
    podSelector: { matchLabels: selectorLabels(server, 'iroh') },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: selectorLabels(server, 'mail') } }],
        ports: [{ protocol: 'TCP', port: server.spec.iroh.port }],
      },
      {
        from: [{ namespaceSelector: {} }],
        ports: [{ protocol: 'TCP', port: managementPort(server, facts.platform, 'iroh') }],
      },
    ],
  },
})
