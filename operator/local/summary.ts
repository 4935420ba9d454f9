/** What a person or a program needs to know of a server that runs: pure, from the resource and the facts. */
import {
  imapEndpoint,
  inviteLink,
  type RandomInt,
  reachableByName,
  smtpEndpoint,
} from '../../workloads/contract/invite.ts'
import { mailConfig } from '../../workloads/contract/mail-config.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Facts } from '../render/facts.ts'
import { renderMailConfig } from '../render/mail/config.ts'

type Endpoint = { host: string; port: number; security: 'ssl' | 'starttls' }

export type Summary = {
  domain: string
  invite: string
  web: string | null
  imap: Endpoint | null
  smtp: Endpoint | null
  turn: { host: string; port: number; relayPorts: { min: number; max: number } } | null
  /** URL of the relay for real-time apps, or null while none works. */
  iroh: string | null
  dataDir: string
}

const publicOf = (server: ChatmailServer, facts: Facts) => mailConfig.parse(renderMailConfig(server, facts)).public

/** An invite for one more person. */
export const newInvite = (server: ChatmailServer, facts: Facts, random: RandomInt): string =>
  inviteLink(server.spec.domain, publicOf(server, facts), random)

/** True where one link serves everybody. */
export const inviteIsShared = (server: ChatmailServer, facts: Facts): boolean =>
  reachableByName(server.spec.domain, publicOf(server, facts))

export const summary = (server: ChatmailServer, facts: Facts, dataDir: string, random: RandomInt): Summary => {
  const mail = publicOf(server, facts)
  const imap = imapEndpoint(mail)
  const smtp = smtpEndpoint(mail)
  const [relay] = facts.turnEndpoints
  const { host } = mail
  return {
    domain: server.spec.domain,
    invite: newInvite(server, facts, random),
    web: mail.https ? new URL(`https://${host}:${mail.https}/`).href : null,
    imap: imap && { host, ...imap },
    smtp: smtp && { host, ...smtp },
    turn: relay ? { host: relay.host, port: relay.port, relayPorts: { ...server.spec.turn.relayPorts } } : null,
    iroh: facts.irohUrl,
    dataDir,
  }
}
