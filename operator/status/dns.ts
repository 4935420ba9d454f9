/** The DNS records that clients need, and which of them were seen. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Status } from '../api/status.ts'
import type { Verdict } from './verdict.ts'

export type DnsRecord = NonNullable<Status['dns']>[number]

const isName = (text: string): boolean => /[a-z]/i.test(text) && !text.includes(':')

const typeOf = (value: string): string => {
  if (value.includes(':')) return 'AAAA'
  return isName(value) ? 'CNAME' : 'A'
}

/** As many as the schema allows; a server of a hundred nodes tells its first ones. */
const most = 64

/** The name of the mail server; null where clients use an address, or come from inside the cluster. */
const mailName = ({ spec: { exposure, domain } }: ChatmailServer): string | null => {
  const host = exposure.host ?? domain
  return exposure.type !== 'ClusterIP' && isName(host) ? host : null
}

const relayName = ({ spec: { turn } }: ChatmailServer): string | null =>
  turn.enabled && turn.hostname && isName(turn.hostname) ? turn.hostname : null

/** The names that clients look up, and whose addresses have to be looked up for `dnsRecords`. */
export const namesToLookUp = (server: ChatmailServer): string[] =>
  [...new Set([mailName(server), relayName(server)])].filter((name) => name !== null)

/**
 * `mail` is the address of the mail server, `relays` those of relays, `found` what the DNS says of a name. A name that a
 * load balancer has is published as CNAME, and counts as seen when the name has any address.
 */
export const dnsRecords = (
  server: ChatmailServer,
  mail: string | null,
  relays: readonly string[],
  found: ReadonlyMap<string, readonly string[]>,
): DnsRecord[] =>
  namesToLookUp(server)
    .flatMap((name) => {
      const values = [
        ...(name === mailName(server) && mail ? [mail] : []),
        ...(name === relayName(server) ? relays : []),
      ]
      const seen = found.get(name) ?? []
      return [...new Set(values)].map((value): DnsRecord => {
        const type = typeOf(value)
        return { name, type, value, required: true, seen: type === 'CNAME' ? seen.length > 0 : seen.includes(value) }
      })
    })
    .slice(0, most)

export const dnsVerdict = (server: ChatmailServer, records: readonly DnsRecord[]): Verdict<'DNSReady'> => {
  if (namesToLookUp(server).length === 0)
    return { status: 'True', reason: 'NotNeeded', message: 'Clients look up no name; no record is needed.' }
  if (namesToLookUp(server).some((each) => !records.some(({ name }) => name === each)))
    return { status: 'False', reason: 'WaitingForAddress', message: 'The records are known once there is an address.' }
  const missing = records.filter(({ seen }) => !seen)
  if (missing.length === 0) return { status: 'True', reason: 'Published', message: 'All records are published.' }
  const lines = missing.map(({ name, type, value }) => `${name} ${type} ${value}`)
  return { status: 'False', reason: 'Missing', message: `the DNS does not say yet: ${lines.join('; ')}. Publish it.` }
}
