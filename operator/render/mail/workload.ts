/**
 * The mail pods. With SQLite there is one, in a StatefulSet, which never runs two at a time over one volume; with
 * PostgreSQL a Deployment.
 */
import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { names } from '../names.ts'
import {
  type ContainerPort,
  metadata,
  type ProjectedSource,
  selectorLabels,
  type Volume,
  type Workload,
} from '../objects.ts'
import { mounted, podTemplate, sharedSources } from '../pods.ts'
import { mailPorts, managementPort } from '../ports.ts'

/** Sessions are told to come back and transactions end within this. */
const gracePeriod = 30

const sources = (server: ChatmailServer, facts: Facts): ProjectedSource[] => {
  const { registration } = server.spec.mail
  const tokens =
    registration.mode === 'Token' && registration.tokenSecretName
      ? [mounted('secret', registration.tokenSecretName, [mountedFiles.registrationTokens])]
      : []
  return [
    ...sharedSources(names.mailConfig(server), names.keyring(server), names.managementToken(server)),
    mounted('configMap', names.relays(server), [mountedFiles.relays]),
    mounted('secret', facts.certificate.secretName, [mountedFiles.certificate, mountedFiles.privateKey]),
    ...tokens,
  ]
}

const ports = (server: ChatmailServer, facts: Facts): ContainerPort[] =>
  mailPorts(server, facts).flatMap(({ name, listen, public: hostPort }) => {
    if (listen === null || hostPort === null) return []
    const onNode = facts.platform === 'cluster' && server.spec.exposure.type === 'HostNetwork'
    return [{ name, containerPort: listen, protocol: 'TCP' as const, ...(onNode ? { hostPort } : {}) }]
  })

const data = (server: ChatmailServer): Volume =>
  server.spec.mail.storage.type === 'SQLite'
    ? { name: 'data', persistentVolumeClaim: { claimName: names.mailData(server) } }
    : { name: 'data', emptyDir: {} }

/**
 * Parallel: with the default order a pod that never became ready is not replaced by one with a mended template, and stays
 * broken until somebody deletes it by hand.
 */
export const mailWorkload = (server: ChatmailServer, facts: Facts, config: string): Workload => {
  const { mail } = server.spec
  const selector = selectorLabels(server, 'mail')
  const embedded = mail.storage.type === 'SQLite'
  const template = podTemplate(server, facts, {
    component: 'mail',
    labels: metadata(server, 'mail', names.mail(server)).labels,
    config,
    sources: sources(server, facts),
    data: data(server),
    ports: ports(server, facts),
    managementPort: managementPort(server, facts.platform, 'mail'),
    gracePeriod,
    resources: mail.resources,
    extra: {
      serviceAccountName: names.mail(server),
      nodeSelector: mail.nodeSelector,
      tolerations: mail.tolerations,
    },
  })
  return {
    apiVersion: 'apps/v1',
    kind: embedded ? 'StatefulSet' : 'Deployment',
    metadata: metadata(server, 'mail', names.mail(server)),
    spec: {
      replicas: mail.replicas,
      ...(embedded ? { serviceName: names.mail(server), podManagementPolicy: 'Parallel' } : {}),
      selector: { matchLabels: selector },
      template,
    },
  }
}
