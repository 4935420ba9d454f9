/** What is read off the server when somebody asks for its metrics or its state. */
import { readFileSync } from 'node:fs'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Keyring } from '../../contract/keyring.ts'
import type { TurnConfig } from '../../contract/turn-config.ts'
import type { Traffic } from '../allocations/observer.ts'
import type { TurnServer } from '../assemble.ts'
import { prefix } from './counters.ts'
import { receiveDrops } from './receive-drops.ts'

/** Each with what it counts; the names are those of `/state` too. */
const counted = {
  permissions: 'Permissions of live allocations',
  channels: 'Channels of live allocations',
  reservations: 'Reserved ports that nobody has claimed yet',
  relays: 'Relay ports in use, reserved ones too',
} as const

export type TurnCounts = Record<keyof typeof counted | 'allocations', number>

export const turnCounts = ({ registry, reservations, dataPath }: TurnServer): TurnCounts => ({
  allocations: registry.size,
  ...registry.counts(),
  reservations: reservations.size,
  relays: dataPath.openRelays,
})

export const gauge = (registry: Registry, name: string, help: string, value: () => number): Gauge =>
  new Gauge({
    name: prefix + name,
    help,
    registers: [registry],
    collect() {
      this.set(value())
    },
  })

const addAllocations = (registry: Registry, server: TurnServer): Gauge =>
  new Gauge({
    name: `${prefix}allocations`,
    help: 'Live allocations, by how the client is connected, the family of the relay and the key that was used',
    labelNames: ['transport', 'family', 'key'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { side, relays, identity } of server.registry) {
        const family = relays.length > 1 ? 'both' : String(relays[0]!.family)
        this.inc({ transport: side.transport.protocol, family, key: identity.keyId })
      }
    },
  })

const directions = [
  ['to_peer', 'packetsToPeers', 'bytesToPeers'],
  ['to_client', 'packetsToClients', 'bytesToClients'],
] as const

/** The data path counts in plain numbers. */
const addTraffic = (registry: Registry, traffic: Traffic): void => {
  const counter = (unit: string, help: string, column: 1 | 2) =>
    new Counter({
      name: `${prefix}relayed_${unit}_total`,
      help,
      labelNames: ['direction'],
      registers: [registry],
      collect() {
        this.reset()
        for (const row of directions) this.inc({ direction: row[0] }, traffic[row[column]])
      },
    })
  counter('packets', 'Datagrams relayed', 1)
  counter('bytes', 'Bytes of payload relayed', 2)
}

const readSockets = (): string[] =>
  ['/proc/net/udp', '/proc/net/udp6'].map((path) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return ''
    }
  })

const familyCount = ({ relay }: TurnConfig): number => Number(relay.ipv4 !== null) + Number(relay.ipv6 !== null)

type Shared = { config: TurnConfig; keyring: () => Keyring; draining: () => boolean }

/** What is told of either engine. */
export const addSharedGauges = (registry: Registry, { config, keyring, draining }: Shared): void => {
  const capacity = (config.relay.max - config.relay.min + 1) * familyCount(config)
  gauge(registry, 'relay_ports', 'Relay ports that there are', () => capacity)
  gauge(registry, 'draining', '1 while no new allocations are made', () => Number(draining()))
  gauge(registry, 'keyring_generation', 'Generation of the key ring in force', () => keyring().generation)
  gauge(registry, 'receive_drops', 'Datagrams that found the receive buffer of a client port full', () =>
    receiveDrops(readSockets(), config.listen.port),
  )
}

/** Of one server, of which a process may have several: their sums are the process's. */
export const addServerGauges = (registry: Registry, server: TurnServer): void => {
  for (const [name, help] of Object.entries(counted))
    gauge(registry, name, help, () => turnCounts(server)[name as keyof TurnCounts])
  addAllocations(registry, server)
  addTraffic(registry, server.traffic)
}

/** Of the process with the builtin engine. */
export const addProcessGauges = (registry: Registry, shared: Shared, connections: () => number): void => {
  gauge(registry, 'connections', 'Open connections of clients on TCP and TLS', connections)
  addSharedGauges(registry, shared)
}
