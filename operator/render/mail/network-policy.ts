/**
 * Who may connect to mail pods: everybody to the ports for clients, the cluster alone to the management port. TURN pods on
 * the host network are out of reach of any policy; their own list of denied peers is what keeps the network safe.
 */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { names } from '../names.ts'
import { metadata, type NetworkPolicy, selectorLabels } from '../objects.ts'
import { mailPorts, managementPort } from '../ports.ts'

export const mailNetworkPolicy = (server: ChatmailServer, facts: Facts): NetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata(server, 'mail', names.mail(server)),
  spec: {
    podSelector: { matchLabels: selectorLabels(server, 'mail') },
    policyTypes: ['Ingress'],
    ingress: [
      {
        ports: mailPorts(server, facts).flatMap(({ listen }) =>
          listen === null ? [] : [{ protocol: 'TCP', port: listen }],
        ),
      },
      {
        from: [{ namespaceSelector: {} }],
        ports: [{ protocol: 'TCP', port: managementPort(server, facts.platform, 'mail') }],
      },
    ],
  },
})
