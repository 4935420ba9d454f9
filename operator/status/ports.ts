/** Every port that has to be open, for the person who sets the firewall. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Status } from '../api/status.ts'
import { portRows } from '../render/ports.ts'

export type OpenPort = NonNullable<Status['ports']>[number]

/** As many as the schema allows; a server of a hundred nodes tells its first ones. */
const most = 256

/** `spec.exposure.ports.imaps` is `imaps`, `spec.turn.relayPorts` is `turn-relay`. */
const nameOf = (field: string): string =>
  field
    .replace(/^spec\.(exposure\.ports\.)?/, '')
    .replace(/\.?ports?$/i, '')
    .replaceAll('.', '-')
    .toLowerCase()

/** `mail` is the address of mail, `relays` node and address of each relay. */
export const openPorts = (
  server: ChatmailServer,
  mail: string | null,
  relays: readonly { nodeName: string | null; host: string | null }[],
  nodePorts: Readonly<Record<string, number>>,
): OpenPort[] => {
  const rows = portRows(server, 'cluster', nodePorts).filter(({ audience }) => audience === 'clients')
  return rows
    .flatMap(({ field, protocol, from, to, purpose }) => {
      const port = { name: nameOf(field), protocol, from, to, purpose }
      if (!field.startsWith('spec.turn.')) return [{ ...port, where: mail ?? 'not known yet' }]
      return relays.map(({ nodeName, host }) => ({ ...port, where: nodeName ?? host ?? 'the load balancer' }))
    })
    .slice(0, most)
}
