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

type Wanted = { name: string; values: readonly string[] }

/** Names that clients look up: the mail server's and, where it has one, the relay's. */
const wantedNames = ({ spec }: ChatmailServer, mail: string | null, relays: readonly string[]): Wanted[] => {
  const host = spec.exposure.host ?? spec.domain
  return [
    ...(isName(host) && mail ? [{ name: host, values: [mail] }] : []),
    ...(spec.turn.enabled && spec.turn.hostname && isName(spec.turn.hostname)
      ? [{ name: spec.turn.hostname, values: relays }]
      : []),
  ]
}

/** The names whose addresses have to be looked up for `dnsRecords`. */
export const namesToLookUp = (server: ChatmailServer): string[] =>
  [server.spec.exposure.host ?? server.spec.domain, server.spec.turn.hostname ?? ''].filter(isName)

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
  wantedNames(server, mail, relays).flatMap(({ name, values }) =>
    values.map((value): DnsRecord => {
      const seen = found.get(name) ?? []
      const type = typeOf(value)
      return { name, type, value, required: true, seen: type === 'CNAME' ? seen.length > 0 : seen.includes(value) }
    }),
  )

export const dnsVerdict = (server: ChatmailServer, records: readonly DnsRecord[]): Verdict<'DNSReady'> => {
  if (namesToLookUp(server).length === 0)
    return { status: 'True', reason: 'NotNeeded', message: 'Clients connect to an address; no record is needed.' }
  if (records.length === 0)
    return { status: 'False', reason: 'WaitingForAddress', message: 'The records are known once there is an address.' }
  const missing = records.filter(({ seen }) => !seen)
  if (missing.length === 0) return { status: 'True', reason: 'Published', message: 'All records are published.' }
  const lines = missing.map(({ name, type, value }) => `${name} ${type} ${value}`)
  return { status: 'False', reason: 'Missing', message: `the DNS does not say yet: ${lines.join('; ')}. Publish it.` }
}
