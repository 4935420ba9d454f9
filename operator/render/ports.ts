/**
 * Every port of a server: which field sets it, what it is without that, and what it is for. Containers always listen on
 * unprivileged ports; in a cluster a Service or a host port gives clients the standard ones.
 */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Facts, Platform } from './facts.ts'

type MailPortName = 'imaps' | 'imap' | 'submissions' | 'submission' | 'https' | 'http'

type MailPortRow = {
  name: MailPortName
  standard: number
  unprivileged: number
  purpose: string
  localDefault: boolean
}

const mailPortTable: readonly MailPortRow[] = [
  { name: 'imaps', standard: 993, unprivileged: 2993, purpose: 'IMAP, reading mail (TLS)', localDefault: true },
  { name: 'imap', standard: 143, unprivileged: 2143, purpose: 'IMAP, reading mail (STARTTLS)', localDefault: true },
  { name: 'submissions', standard: 465, unprivileged: 2465, purpose: 'SMTP, sending mail (TLS)', localDefault: true },
  {
    name: 'submission',
    standard: 587,
    unprivileged: 2587,
    purpose: 'SMTP, sending mail (STARTTLS)',
    localDefault: true,
  },
  {
    name: 'https',
    standard: 443,
    unprivileged: 2443,
    purpose: 'the page, accounts, autoconfiguration (HTTPS), calls by TCP',
    localDefault: true,
  },
  {
    name: 'http',
    standard: 80,
    unprivileged: 2080,
    purpose: 'certificates, the way to HTTPS, real-time apps where the certificate is self-signed (HTTP)',
    localDefault: false,
  },
]

const managementPorts = {
  mail: { cluster: 9640, local: 2900 },
  turn: { cluster: 9641, local: 2901 },
  iroh: { cluster: 9642, local: 2902 },
} as const

/**
 * `listen` is what the process binds, `service` the port of the Service, `nodePort` the one of every node that was asked
 * for, `public` what clients connect to. Null: the listener is off.
 */
export type MailPort = {
  name: MailPortName
  field: string
  purpose: string
  listen: number | null
  service: number | null
  nodePort: number | null
  public: number | null
}

type Place = Pick<Facts, 'platform' | 'nodePorts'>

const clusterPort = (given: number | null, row: MailPortRow, server: ChatmailServer, { nodePorts }: Place) => {
  if (server.spec.exposure.type !== 'NodePort') {
    const port = given ?? row.standard
    return { service: port, nodePort: null, public: port }
  }
  return { service: row.standard, nodePort: given, public: given ?? nodePorts[row.name] ?? row.standard }
}

export const mailPorts = (server: ChatmailServer, place: Place): MailPort[] =>
  mailPortTable.map((row) => {
    const { name, purpose, unprivileged, localDefault } = row
    const given = server.spec.exposure.ports[name]
    const about = { name, purpose, field: `spec.exposure.ports.${name}` }
    if (place.platform === 'cluster')
      return { ...about, listen: unprivileged, ...clusterPort(given, row, server, place) }
    const port = given ?? (localDefault ? unprivileged : null)
    return { ...about, listen: port, service: port, nodePort: null, public: port }
  })

/** One value of each mail port by name, as the workload's configuration has it. */
export const mailPortMap = (
  ports: readonly MailPort[],
  which: 'listen' | 'public',
): Record<MailPortName, number | null> =>
  Object.fromEntries(ports.map((port) => [port.name, port[which]])) as Record<MailPortName, number | null>

export const managementPort = (server: ChatmailServer, platform: Platform, of: keyof typeof managementPorts): number =>
  server.spec.monitoring.ports[of] ?? managementPorts[of][platform]

/** A port or a range as a person wants to see it and as a start has to check it. */
export type PortRow = {
  field: string
  protocol: 'TCP' | 'UDP'
  from: number
  to: number
  purpose: string
  /** clients: must be open from outside. management: for health and figures alone. */
  audience: 'clients' | 'management'
}

const turnRows = (server: ChatmailServer, platform: Platform): PortRow[] => {
  const { turn } = server.spec
  if (!turn.enabled) return []
  const management = managementPort(server, platform, 'turn')
  return [
    {
      field: 'spec.turn.port',
      protocol: 'UDP',
      from: turn.port,
      to: turn.port,
      purpose: 'calls, TURN',
      audience: 'clients',
    },
    {
      field: 'spec.turn.port',
      protocol: 'TCP',
      from: turn.port,
      to: turn.port,
      purpose: 'calls, TURN over TCP and TLS',
      audience: 'clients',
    },
    {
      field: 'spec.turn.relayPorts',
      protocol: 'UDP',
      from: turn.relayPorts.min,
      to: turn.relayPorts.max,
      purpose: 'calls, relayed media',
      audience: 'clients',
    },
    {
      field: 'spec.monitoring.ports.turn',
      protocol: 'TCP',
      from: management,
      to: management,
      purpose: 'health and figures of TURN',
      audience: 'management',
    },
  ]
}

/** In a cluster clients of the relay use the ports of mail. On one machine `direct` says whether they use its own. */
const irohRows = (server: ChatmailServer, platform: Platform, direct: boolean): PortRow[] => {
  const { mode, port } = server.spec.iroh
  if (mode !== 'Managed') return []
  const management = managementPort(server, platform, 'iroh')
  const relay: PortRow = {
    field: 'spec.iroh.port',
    protocol: 'TCP',
    from: port,
    to: port,
    purpose: direct ? 'real-time apps' : 'real-time apps, from mail',
    audience: direct ? 'clients' : 'management',
  }
  return [
    ...(platform === 'local' ? [relay] : []),
    {
      field: 'spec.monitoring.ports.iroh',
      protocol: 'TCP',
      from: management,
      to: management,
      purpose: 'health and figures of the relay for real-time apps',
      audience: 'management',
    },
  ]
}

/** All ports that are open, those for clients first. */
export const portRows = (
  server: ChatmailServer,
  platform: Platform,
  nodePorts: Facts['nodePorts'] = {},
  irohIsDirect = true,
): PortRow[] => {
  const mail = mailPorts(server, { platform, nodePorts }).flatMap(({ field, purpose, public: port }): PortRow[] =>
    port === null ? [] : [{ field, protocol: 'TCP', from: port, to: port, purpose, audience: 'clients' }],
  )
  const management = managementPort(server, platform, 'mail')
  const rows: PortRow[] = [
    ...mail,
    ...turnRows(server, platform),
    ...irohRows(server, platform, irohIsDirect),
    {
      field: 'spec.monitoring.ports.mail',
      protocol: 'TCP',
      from: management,
      to: management,
      purpose: 'health and figures of mail',
      audience: 'management',
    },
  ]
  return rows.sort((a, b) => Number(a.audience === 'management') - Number(b.audience === 'management'))
}
