/**
 * The Mozilla autoconfig document (`config-v1.1.xml`) that mail clients look for below `/.well-known/autoconfig/`. Every
 * listener is named; on the HTTPS port clients reach IMAP and SMTP by ALPN.
 */
import type { PublicMail } from '../../../contract/invite.ts'

type Server = {
  tag: 'incomingServer' | 'outgoingServer'
  type: 'imap' | 'smtp'
  port: number
  socketType: 'SSL' | 'STARTTLS'
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character]!)

const incoming = (port: number, socketType: Server['socketType']): Server => ({
  tag: 'incomingServer',
  type: 'imap',
  port,
  socketType,
})
const outgoing = (port: number, socketType: Server['socketType']): Server => ({
  tag: 'outgoingServer',
  type: 'smtp',
  port,
  socketType,
})

const servers = (mail: PublicMail): Server[] => [
  ...(mail.imaps ? [incoming(mail.imaps, 'SSL')] : []),
  ...(mail.https ? [incoming(mail.https, 'SSL')] : []),
  ...(mail.imap ? [incoming(mail.imap, 'STARTTLS')] : []),
  ...(mail.submissions ? [outgoing(mail.submissions, 'SSL')] : []),
  ...(mail.https ? [outgoing(mail.https, 'SSL')] : []),
  ...(mail.submission ? [outgoing(mail.submission, 'STARTTLS')] : []),
]

const element = ({ tag, type, port, socketType }: Server, host: string): string =>
  `    <${tag} type="${type}">
      <hostname>${escapeXml(host)}</hostname>
      <port>${port}</port>
      <socketType>${socketType}</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </${tag}>`

export const autoconfigDocument = (domain: string, mail: PublicMail): string => `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${escapeXml(domain)}">
    <domain>${escapeXml(domain)}</domain>
    <displayName>${escapeXml(domain)} chatmail</displayName>
    <displayShortName>${escapeXml(domain)}</displayShortName>
${servers(mail)
  .map((server) => element(server, mail.host))
  .join('\n')}
  </emailProvider>
</clientConfig>
`
