/**
 * The workload's Prometheus metrics. Labels come from fixed sets: no metric tells one endpoint or one address from another.
 */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Counters } from '../clients/counters.ts'

const prefix = 'chatmail_iroh_'

/** Each gauge with what it counts; the names are those of `/state` too. */
const gauges = {
  connections: 'Open connections, those included that have not proven a key',
  waiting: 'Connections without a complete request, or between two',
  legacyEndpoints: 'Endpoints of Iroh 0.35 that can be reached',
  modernEndpoints: 'Endpoints of Iroh 1.x that can be reached',
  reserve: 'Connections that a newer one of the same endpoint took over from',
  sources: 'Sources of connections that are remembered',
  queuedBytes: 'Bytes that wait for slow readers',
} as const

export type IrohCounts = Record<keyof typeof gauges, number>

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const addGauges = (registry: Registry, counts: () => IrohCounts): void => {
  for (const [name, help] of Object.entries(gauges))
    new Gauge({
      name: prefix + snakeCase(name),
      help,
      registers: [registry],
      collect() {
        this.set(counts()[name as keyof IrohCounts])
      },
    })
}

/** The tables of counters: which, what for, and the label that tells the rows apart. */
const tables = [
  ['packets', 'relayed_packets_total', 'Datagrams relayed', 'generation'],
  ['bytes', 'relayed_bytes_total', 'Bytes of datagrams relayed, with their headers', 'generation'],
  ['accepted', 'accepted_total', 'Connections that have proven a key', 'generation'],
  ['dropped', 'dropped_total', 'Datagrams and notices dropped', 'reason'],
  ['closed', 'closed_total', 'Connections ended by the relay', 'reason'],
  ['refused', 'refused_total', 'Connections and requests turned away', 'reason'],
] as const

export const addMetrics = (registry: Registry, counters: Counters, counts: () => IrohCounts): void => {
  addGauges(registry, counts)
  for (const [table, name, help, label] of tables)
    new Counter({
      name: prefix + name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [row, value] of Object.entries(counters[table])) this.inc({ [label]: row }, value)
      },
    })
  for (const [field, name, help] of [
    ['pings', 'pings_total', 'Pings of clients answered'],
    ['slowedDown', 'slowed_down_total', 'Times that a sender was made to wait'],
  ] as const)
    new Counter({
      name: prefix + name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(counters[field])
      },
    })
}
