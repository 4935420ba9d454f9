/** Metrics of IMAP. Labels are words of the protocol alone. */
import { Counter, Gauge, type Registry } from 'prom-client'

export type Counters = {
  connections: Counter
  commands: Counter<'command' | 'status'>
  logins: Counter<'outcome'>
  /** What could not be understood. */
  badInput: Counter<'kind'>
  sessions: Gauge
}

export const createCounters = (registry: Registry, sessions: () => number): Counters => ({
  connections: new Counter({
    name: 'chatmail_imap_connections_total',
    help: 'IMAP connections accepted',
    registers: [registry],
  }),
  commands: new Counter({
    name: 'chatmail_imap_commands_total',
    help: 'IMAP commands by name and tagged status',
    labelNames: ['command', 'status'],
    registers: [registry],
  }),
  logins: new Counter({
    name: 'chatmail_imap_logins_total',
    help: 'IMAP logins by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  }),
  badInput: new Counter({
    name: 'chatmail_imap_bad_input_total',
    help: 'IMAP input that breaks grammar or limits, by kind',
    labelNames: ['kind'],
    registers: [registry],
  }),
  sessions: new Gauge({
    name: 'chatmail_imap_sessions',
    help: 'Open IMAP sessions',
    registers: [registry],
    collect() {
      this.set(sessions())
    },
  }),
})
