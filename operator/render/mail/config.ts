/** `config.yaml` of the mail workload. */
import type { z } from 'zod'
import type { mailConfig } from '../../../workloads/contract/mail-config.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { bytes, seconds } from '../../api/quantities.ts'
import type { Facts } from '../facts.ts'
import { irohReach } from '../iroh/reach.ts'
import { names } from '../names.ts'
import { mailPortMap, mailPorts, managementPort } from '../ports.ts'

/** The relay that mail passes clients on to: on one machine by loopback, in a cluster by its Service. */
const irohBehind = (server: ChatmailServer, facts: Facts) => {
  const { mode, port } = server.spec.iroh
  if (mode !== 'Managed' || irohReach(server, facts) === 'direct') return null
  const host = facts.platform === 'local' ? '127.0.0.1' : `${names.iroh(server)}.${server.metadata.namespace}.svc`
  return { host, port }
}

export const renderMailConfig = (server: ChatmailServer, facts: Facts): z.input<typeof mailConfig> => {
  const { mail, turn, domain, privacy } = server.spec
  const ports = mailPorts(server, facts)
  const { http: _, ...publicPorts } = mailPortMap(ports, 'public')
  return {
    domain,
    listenAddress: facts.listenAddress,
    listen: mailPortMap(ports, 'listen'),
    management: { address: facts.managementAddress, port: managementPort(server, facts.platform, 'mail') },
    public: { host: facts.publicHost, ...publicPorts, selfSigned: facts.certificate.selfSigned },
    registration: { mode: mail.registration.mode },
    limits: mail.limits,
    retention: {
      messages: seconds(mail.retention.messages),
      largeMessages: seconds(mail.retention.largeMessages),
      largeMessageSize: bytes(mail.retention.largeMessageSize),
      inactiveAccounts: seconds(mail.retention.inactiveAccounts),
    },
    turn: { enabled: turn.enabled, credentialTtl: seconds(turn.credentials.ttl) },
    iroh: irohBehind(server, facts),
    comment: mail.comment,
    admin: mail.admin,
    noLog: privacy.noLog,
  }
}
