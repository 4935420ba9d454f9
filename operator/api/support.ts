/**
 * What the schema allows but this version cannot do yet, or not there. A table, so that the answer is a clear refusal and
 * never a server that quietly does something else.
 */
import type { Problem } from '../../workloads/contract/problems.ts'
import type { ChatmailServerSpec } from './chatmail-server.ts'

type Limit = {
  path: string
  /** Where the limit is: everywhere, in a cluster, or on one machine. */
  where: 'everywhere' | 'cluster' | 'local'
  found: (spec: ChatmailServerSpec) => unknown
  works: (spec: ChatmailServerSpec) => boolean
  allowed: string
}

const limits: readonly Limit[] = [
  {
    path: 'spec.mail.storage.type',
    where: 'everywhere',
    found: (spec) => spec.mail.storage.type,
    works: (spec) => spec.mail.storage.type === 'SQLite',
    allowed: 'SQLite; PostgreSQL is not in this version',
  },
  {
    path: 'spec.mail.proxyProtocol',
    where: 'everywhere',
    found: (spec) => spec.mail.proxyProtocol,
    works: (spec) => !spec.mail.proxyProtocol,
    allowed: 'false; PROXY protocol is not in this version',
  },
  {
    path: 'spec.turn.exposure',
    where: 'local',
    found: (spec) => spec.turn.exposure,
    works: (spec) => spec.turn.exposure === 'HostNetwork',
    allowed: 'HostNetwork on one machine',
  },
  {
    path: 'spec.turn.replicas',
    where: 'local',
    found: (spec) => spec.turn.replicas,
    works: (spec) => spec.turn.replicas === 1,
    allowed: '1 on one machine',
  },
  {
    path: 'spec.tls.source',
    where: 'cluster',
    found: (spec) => spec.tls.source,
    works: (spec) => spec.tls.source !== 'ACME',
    allowed: 'Auto, CertManager, Secret or SelfSigned; certificates by ACME come from cert-manager',
  },
  {
    path: 'spec.tls.source',
    where: 'local',
    found: (spec) => spec.tls.source,
    works: (spec) => ['Auto', 'SelfSigned', 'Secret'].includes(spec.tls.source),
    allowed: 'Auto, SelfSigned or Secret on one machine',
  },
  {
    path: 'spec.paused',
    where: 'local',
    found: (spec) => spec.paused,
    works: (spec) => !spec.paused,
    allowed: 'false on one machine: there is nothing to leave as it is',
  },
]

/** Everything in `spec` that does not work on `platform`. */
export const unsupported = (spec: ChatmailServerSpec, platform: 'cluster' | 'local'): Problem[] =>
  limits
    .filter(({ where, works }) => (where === 'everywhere' || where === platform) && !works(spec))
    .map(({ path, found, allowed }) => ({ path, found: JSON.stringify(found(spec)), allowed }))
