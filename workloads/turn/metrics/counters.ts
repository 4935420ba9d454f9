/**
 * The workload's Prometheus metrics, as events happen. Labels come from fixed sets and from the key ring: no metric tells
 * one user or one address from another.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Observer } from '../allocations/observer.ts'
import type { CloseReason } from '../relay/stream-connection.ts'

export const prefix = 'chatmail_turn_'

/** From an attempt that failed at once to a call of a working day, seconds. */
const sessionBuckets = [5, 15, 60, 300, 900, 1800, 3600, 7200, 28_800]

export type Counters = {
  observer: Observer
  socketFailed: () => void
  connectionClosed: (reason: CloseReason) => void
}

/** How long ago each key was used last: not the time itself, which the names of credentials are made of. */
const keyIdleGauge = (registry: Registry, lastUses: ReadonlyMap<string, number>, now: () => number): Gauge =>
  new Gauge({
    name: `${prefix}key_idle_seconds`,
    help: 'How long ago an allocation was last made with a key of the ring',
    labelNames: ['key'],
    aggregator: 'min',
    registers: [registry],
    collect() {
      for (const [key, time] of lastUses) this.set({ key }, Math.round((now() - time) / 1000))
    },
  })

/** `now` in monotonic milliseconds. */
export const turnCounters = (registry: Registry, now: () => number): Counters => {
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `${prefix}${name}`, help, labelNames, registers })
  const answers = counter('answers_total', 'Requests answered, by method and error code', ['method', 'code'])
  const unauthenticated = counter(
    'unauthenticated_answers_total',
    'Answers to requests without a credential that holds, sent or suppressed because the source asks too often',
    ['outcome'],
  )
  const dropped = counter('dropped_total', 'Messages and datagrams dropped without an answer', ['reason'])
  const denied = counter('denied_peers_total', 'Peers that were refused, by group of prefixes', ['group'])
  const closed = counter('connections_closed_total', 'Connections of clients that ended, by why', ['reason'])
  const errors = counter('socket_errors_total', 'Errors of open sockets')
  const sessions = new Histogram({
    name: `${prefix}session_seconds`,
    help: 'How long allocations lived',
    buckets: sessionBuckets,
    registers,
  })
  const lastUses = new Map<string, number>()
  keyIdleGauge(registry, lastUses, now)
  return {
    observer: {
      answered: (method, code, authenticated) => {
        answers.inc({ method, code })
        if (!authenticated) unauthenticated.inc({ outcome: 'sent' })
      },
      dropped: (reason) => {
        dropped.inc({ reason })
        if (reason === 'rate') unauthenticated.inc({ outcome: 'suppressed' })
      },
      denied: (group) => denied.inc({ group }),
      began: ({ identity }) => void lastUses.set(identity.keyId, now()),
      ended: ({ createdAt }) => sessions.observe((now() - createdAt) / 1000),
    },
    socketFailed: () => errors.inc(),
    connectionClosed: (reason) => closed.inc({ reason }),
  }
}
