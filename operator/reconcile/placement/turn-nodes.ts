/** What rendering has to know of the nodes that relays run on. */
import { createHash } from 'node:crypto'
import type { ChatmailServerSpec } from '../../api/chatmail-server.ts'
import type { TurnNode } from '../../render/facts.ts'
import type { Node } from '../view.ts'
import type { PublicAddress } from './public-address.ts'

/** Names made from it stay DNS labels: at most 40 characters of the server, `-turn-` and these. */
const longest = 16

/** The node's name as part of an object's name, unique and stable. */
export const shortName = (name: string): string => {
  const plain = name.replaceAll('.', '-')
  if (plain.length <= longest && plain === name) return plain
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 6)
  return `${plain.slice(0, longest - 7).replace(/-+$/, '')}-${digest}`
}

/**
 * Sockets bind every address of the node: which one faces clients depends on its routes, and the workload binds the public
 * one itself where the node has it. Null where no address could be told to clients.
 */
export const turnNode = (node: Node, { ipv4, ipv6 }: PublicAddress, place?: number): TurnNode | null => {
  if (ipv4 === null && ipv6 === null) return null
  return {
    name: shortName(node.metadata.name),
    hostname: node.metadata.labels?.['kubernetes.io/hostname'] ?? node.metadata.name,
    listen: [...(ipv4 ? ['0.0.0.0'] : []), ...(ipv6 ? ['::'] : [])],
    ipv4: ipv4 && '0.0.0.0',
    ipv6: ipv6 && '::',
    publicIpv4: ipv4,
    publicIpv6: ipv6,
    ...(place === undefined ? {} : { place }),
  }
}

/** Relays behind a load balancer: they run anywhere, and their relayed addresses are those of their pods. */
export const balancedNodes = ({ turn }: ChatmailServerSpec): TurnNode[] =>
  Array.from({ length: turn.replicas }, (_, index) => ({
    name: `lb-${index}`,
    hostname: null,
    listen: ['0.0.0.0'],
    ipv4: 'machine',
    ipv6: null,
    publicIpv4: null,
    publicIpv6: null,
  }))
