/**
 * TURN behind a load balancer: the relays then have addresses of the pod network, which clients do not need to reach, because
 * both ends of a call that is relayed meet there.
 */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { names } from '../names.ts'
import { metadata, type Service, selectorLabels } from '../objects.ts'

export const turnService = (server: ChatmailServer): Service[] => {
  const { turn, exposure } = server.spec
  if (turn.exposure !== 'LoadBalancer') return []
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(server, 'turn', names.turnService(server), exposure.annotations),
      spec: {
        type: 'LoadBalancer',
        externalTrafficPolicy: exposure.externalTrafficPolicy,
        ...(exposure.loadBalancerClass ? { loadBalancerClass: exposure.loadBalancerClass } : {}),
        selector: selectorLabels(server, 'turn'),
        ports: [{ name: 'turn', port: turn.port, targetPort: 'turn', protocol: 'UDP' }],
      },
    },
  ]
}
