/** `config.yaml` of the Iroh relay. */
import type { z } from 'zod'
import type { irohConfig } from '../../../workloads/contract/iroh-config.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { managementPort } from '../ports.ts'
import { irohReach } from './reach.ts'

const loopback = '127.0.0.1'

/** Seconds over which a relay that ends sends its clients away; on one machine somebody waits for the end. */
export const drainSpread = { cluster: 5, local: 1 } as const

/** Behind mail it listens for mail alone: on one machine by its address, in a cluster by a network policy. */
const listeners = (server: ChatmailServer, facts: Facts) => {
  const { port } = server.spec.iroh
  if (irohReach(server, facts) === 'direct') return { listen: { http: port, https: null }, proxied: null }
  const address = facts.platform === 'local' ? loopback : '::'
  return { listen: { http: null, https: null }, proxied: { address, port } }
}

const limits = ({ spec }: ChatmailServer): z.input<typeof irohConfig>['limits'] => {
  const { limits } = spec.iroh
  return {
    connections: limits.connections,
    connectionsPerAddress: limits.connectionsPerIP,
    newPerSecond: limits.newPerSecond,
    newBurst: limits.newBurst,
    connectionPace: { bytesPerSecond: limits.bandwidth, burst: limits.bandwidthBurst },
    addressPace: { bytesPerSecond: limits.bandwidthPerIP, burst: limits.bandwidthBurstPerIP },
  }
}

export const renderIrohConfig = (server: ChatmailServer, facts: Facts): z.input<typeof irohConfig> => ({
  listenAddress: facts.listenAddress,
  ...listeners(server, facts),
  management: { address: facts.managementAddress, port: managementPort(server, facts.platform, 'iroh') },
  limits: limits(server),
  drain: { spread: drainSpread[facts.platform] },
  noLog: server.spec.privacy.noLog,
})
