/** The Service that clients reach mail by, with the standard ports in front of the unprivileged ones of the pod. */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { names } from '../names.ts'
import { metadata, type Service, selectorLabels } from '../objects.ts'
import { mailPorts } from '../ports.ts'

const balancing = (server: ChatmailServer): Record<string, unknown> => {
  const { type, loadBalancerClass, loadBalancerIP, externalTrafficPolicy } = server.spec.exposure
  if (type === 'ClusterIP') return {}
  if (type === 'NodePort') return { externalTrafficPolicy }
  return {
    externalTrafficPolicy,
    ...(loadBalancerClass ? { loadBalancerClass } : {}),
    ...(loadBalancerIP ? { loadBalancerIP } : {}),
  }
}

/** With HostNetwork the pod's host ports are what clients use; the Service then serves the cluster alone. */
export const mailService = (server: ChatmailServer, facts: Facts): Service => {
  const { type, annotations } = server.spec.exposure
  const inside = type === 'HostNetwork' || type === 'ClusterIP'
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(server, 'mail', names.mail(server), annotations),
    spec: {
      type: inside ? 'ClusterIP' : type,
      ...(inside ? {} : balancing(server)),
      selector: selectorLabels(server, 'mail'),
      ports: mailPorts(server, facts).flatMap(({ name, service: port, nodePort }) =>
        port === null ? [] : [{ name, port, targetPort: name, protocol: 'TCP', ...(nodePort ? { nodePort } : {}) }],
      ),
    },
  }
}
