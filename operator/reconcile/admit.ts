/**
 * What a person has to change before the server can be as the resource says: pure checks, each of which may say one problem.
 * Most of them keep only a part from working; the rest of the server goes on.
 */
import { problemLine } from '../../workloads/contract/problems.ts'
import { certificateSource } from '../api/certificate-source.ts'
import { unsupported } from '../api/support.ts'
import type { Gathered } from './gather.ts'
import type { Problem } from './outcome.ts'
import { secretText } from './view.ts'

type Check = (gathered: Gathered) => Problem | null

const supported: Check = ({ server }) => {
  const found = unsupported(server.spec, 'cluster')
  return found.length ? { reason: 'NotSupported', message: found.map(problemLine).join('; ') } : null
}

/** The older one keeps the domain; of two from one second the name decides. */
const isOlder = (a: Gathered['object'], b: Gathered['object']): boolean => {
  const [x, y] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`)
  return x! < y!
}

const domainFree: Check = ({ server, object, rivals }) => {
  const older = rivals.find((rival) => isOlder(rival, object))
  if (!older) return null
  const { namespace, name } = older.metadata
  return {
    reason: 'DomainTaken',
    message: `The domain ${server.spec.domain} belongs to the older ChatmailServer ${namespace}/${name}. Delete one of the two, or give this one another domain.`,
  }
}

const levelLabel = 'pod-security.kubernetes.io/enforce'

const hostNetworkAllowed: Check = ({ server, namespace }) => {
  const level = namespace?.metadata.labels?.[levelLabel]
  const { turn, exposure } = server.spec
  const uses = [
    ...(turn.enabled && turn.exposure === 'HostNetwork' ? ['turn.exposure'] : []),
    ...(exposure.type === 'HostNetwork' ? ['exposure.type'] : []),
  ]
  if (!uses.length || (level !== 'baseline' && level !== 'restricted')) return null
  const ns = server.metadata.namespace
  return {
    reason: 'NamespaceForbidsHostNetwork',
    message: `The namespace ${ns} enforces the Pod Security level "${level}", which forbids the ports of nodes that spec.${uses.join(' and spec.')} HostNetwork needs. Allow them: kubectl label namespace ${ns} ${levelLabel}=privileged --overwrite`,
  }
}

const tokensThere: Check = ({ server, registrationTokens }) => {
  const { mode, tokenSecretName } = server.spec.mail.registration
  if (mode !== 'Token' || secretText(registrationTokens, 'registration-tokens') !== null) return null
  return {
    reason: 'SecretMissing',
    message: `spec.mail.registration.tokenSecretName: the Secret ${tokenSecretName} with the key registration-tokens is not there. Make it: kubectl -n ${server.metadata.namespace} create secret generic ${tokenSecretName} --from-file=registration-tokens=FILE, with one token a line.`,
  }
}

const issuerThere: Check = ({ server, certManager }) =>
  certificateSource(server.spec).kind !== 'CertManager' || certManager
    ? null
    : {
        reason: 'CertManagerMissing',
        message:
          'spec.tls.issuerRef names an issuer, but this cluster does not serve cert-manager.io/v1. Install cert-manager, or remove spec.tls.issuerRef.',
      }

const monitoringThere: Check = ({ server, monitoringKinds }) =>
  server.spec.monitoring.podMonitor !== 'Enabled' || monitoringKinds.has('PodMonitor')
    ? null
    : {
        reason: 'MonitoringMissing',
        message:
          'spec.monitoring.podMonitor is Enabled, but this cluster does not serve PodMonitor of monitoring.coreos.com/v1. Install the Prometheus operator, or set the field to Auto or Disabled.',
      }

/** Nothing is made for a server with one of these. */
const fatal: readonly Check[] = [supported, domainFree]
/** The parts that these do not concern are made all the same. */
const partial: readonly Check[] = [hostNetworkAllowed, tokensThere, issuerThere, monitoringThere]

const firstOf = (checks: readonly Check[], gathered: Gathered): Problem | null => {
  for (const check of checks) {
    const problem = check(gathered)
    if (problem) return problem
  }
  return null
}

export type Admission = { refused: Problem } | { refused: null; problem: Problem | null }

export const admit = (gathered: Gathered): Admission => {
  const refused = firstOf(fatal, gathered)
  return refused ? { refused } : { refused: null, problem: firstOf(partial, gathered) }
}
