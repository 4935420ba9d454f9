/**
 * The workload's Prometheus metrics. Labels come from fixed sets: no metric tells one user or one address from another.
 */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Observer, Traffic } from '../allocations/observer.ts'

const prefix = 'chatmail_turn_'

/** Each gauge with what it counts; the names are those of `/state` too. */
const gauges = {
  allocations: 'Live allocations',
  permissions: 'Permissions of live allocations',
  channels: 'Channels of live allocations',
  reservations: 'Reserved ports that nobody has claimed yet',
  relays: 'Open relay ports, reserved ones too',
} as const

export type TurnCounts = Record<keyof typeof gauges, number>

const addGauges = (registry: Registry, counts: () => TurnCounts): void => {
  for (const [name, help] of Object.entries(gauges))
    new Gauge({
      name: prefix + name,
      help,
      registers: [registry],
      collect() {
        this.set(counts()[name as keyof TurnCounts])
      },
    })
}

const directions = [
  ['to_peer', 'packetsToPeers', 'bytesToPeers'],
  ['to_client', 'packetsToClients', 'bytesToClients'],
] as const

/** The data path counts in plain numbers; they are read when somebody asks. */
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

export type TurnMetrics = { observer: Observer; socketFailed: () => void }

export const turnMetrics = (registry: Registry, traffic: Traffic, counts: () => TurnCounts): TurnMetrics => {
  const registers = [registry]
  const answers = new Counter({
    name: `${prefix}answers_total`,
    help: 'Requests answered, by method and error code',
    labelNames: ['method', 'code'],
    registers,
  })
  const dropped = new Counter({
    name: `${prefix}dropped_total`,
    help: 'Messages and datagrams dropped without an answer',
    labelNames: ['reason'],
    registers,
  })
  const errors = new Counter({ name: `${prefix}socket_errors_total`, help: 'Errors of open sockets', registers })
  addGauges(registry, counts)
  addTraffic(registry, traffic)
  return {
    observer: {
      answered: (method, code) => answers.inc({ method, code }),
      dropped: (reason) => dropped.inc({ reason }),
    },
    socketFailed: () => errors.inc(),
  }
}
