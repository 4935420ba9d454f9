/**
 * A thread that serves UDP clients: a server of its own on sockets that share the client port (SO_REUSEPORT). The kernel
 * gives every datagram of a 5-tuple to the same socket for as long as the set of sockets is the same. So all threads bind
 * before any of them serves, none ever leaves, and the end of one is the end of the process.
 */
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Registry as MetricsRegistry } from 'prom-client'
import { exitCodes } from '../../contract/exit-codes.ts'
import { StartError } from '../../contract/start-error.ts'
import { assembleTurn } from '../assemble.ts'
import { turnCounters } from '../metrics/counters.ts'
import { addServerGauges, turnCounts } from '../metrics/gauges.ts'
import { type Listener, listenUdp } from '../relay/udp-listener.ts'
import type { FromThread, ThreadMetrics, ThreadOptions, ToThread } from './messages.ts'
import { SharedQuotas } from './shared-quotas.ts'

const options = workerData as ThreadOptions
const { config, addresses, share } = options
const port = parentPort!
const sweepInterval = 1000

const now = { keyring: options.keyring, peers: options.peers, serving: false }
const metrics = new MetricsRegistry()
const counters = turnCounters(metrics, () => performance.now())
const sources = { keyring: () => now.keyring, peers: () => now.peers }
const part = { share, quotas: new SharedQuotas(config.limits, options.counts) }
const server = assembleTurn(config, addresses, sources, counters, part)
addServerGauges(metrics, server)

const tell = (message: FromThread): void => port.postMessage(message)

const listen = async (): Promise<Listener[]> => {
  const listeners: Listener[] = []
  const shared = { reusePort: true, serving: () => now.serving }
  for (const address of addresses.listen) {
    const listener = await listenUdp(server.engine, address, config.listen.port, counters.socketFailed, shared)
    if (listener) listeners.push(listener)
  }
  return listeners
}

const listeners = await listen().catch((error: Error): Listener[] => {
  const exitCode = error instanceof StartError ? error.exitCode : exitCodes.software
  tell({ kind: 'failed', message: error.message, exitCode })
  return []
})
setInterval(() => server.engine.sweep(), sweepInterval)

/** What came before every socket was there may belong to another thread: it is read and dropped first. */
const serve = async (): Promise<void> => {
  await turnOfLoop()
  await turnOfLoop()
  now.serving = true
}

const take: { [K in ToThread['kind']]: (message: Extract<ToThread, { kind: K }>) => void | Promise<void> } = {
  serve,
  keyring: ({ value }) => {
    now.keyring = value
    server.keyringChanged()
  },
  peers: ({ value }) => {
    now.peers = value
    server.peersChanged()
  },
  drain: () => server.drain.begin(),
  ask: async ({ id, about }) => {
    const counted = { counts: turnCounts(server), byKey: server.registry.byKey() }
    const answer = about === 'counts' ? counted : ((await metrics.getMetricsAsJSON()) as unknown as ThreadMetrics)
    tell({ kind: 'answer', id, answer })
  },
}

port.on('message', (message: ToThread) => void take[message.kind](message as never))
if (listeners.length > 0) tell({ kind: 'bound', listeners: listeners.length })
