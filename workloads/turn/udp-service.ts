/**
 * Who serves UDP clients: this thread, or several that share the port. Either way there is one server in this thread, for
 * the clients on TCP and TLS.
 */
import { randomBytes } from 'node:crypto'
import { AggregatorRegistry, type Registry as MetricsRegistry } from 'prom-client'
import type { Keyring } from '../contract/keyring.ts'
import type { TurnConfig } from '../contract/turn-config.ts'
import type { TurnPeers } from '../contract/turn-peers.ts'
import type { MountedFile } from '../kit/mounts/mounted-file.ts'
import type { ServerAddresses } from './address/machine.ts'
import { assembleTurn, type TurnServer } from './assemble.ts'
import type { Live } from './drain/drain.ts'
import type { Counters } from './metrics/counters.ts'
import { bindUdp, type Listener, listenUdp } from './relay/udp-listener.ts'
import { type Counted, nothingCounted } from './workers/messages.ts'
import { newSharedCounts, SharedQuotas } from './workers/shared-quotas.ts'
import { Threads } from './workers/threads.ts'

export type Inputs = {
  config: TurnConfig
  metrics: MetricsRegistry
  addresses: ServerAddresses
  counters: Counters
  keyring: MountedFile<Keyring>
  peers: MountedFile<TurnPeers>
}

export type UdpService = {
  server: TurnServer
  /** Addresses that are listened on. */
  listeners: number
  /** Of other threads, as of the last `refresh`. */
  counted: () => Counted
  refresh: () => Promise<void>
  metrics: () => Promise<string>
  live: () => Live
  /** Takes no new allocations; resolves to what still lives. */
  drain: () => Promise<Live>
  close: () => Promise<void>
}

/** How often threads are asked whether their last allocation is gone, milliseconds. */
const drainInterval = 250

const sourcesOf = ({ keyring, peers }: Inputs) => ({ keyring: () => keyring.value, peers: () => peers.value })

/** @throws ListenError */
export const serveHere = async (inputs: Inputs): Promise<UdpService> => {
  const { config, addresses, counters, metrics } = inputs
  const server = assembleTurn(config, addresses, sourcesOf(inputs), counters)
  const listeners: Listener[] = []
  for (const address of addresses.listen) {
    const listener = await listenUdp(server.engine, address, config.listen.port, counters.socketFailed)
    if (listener) listeners.push(listener)
  }
  return {
    server,
    listeners: listeners.length,
    counted: () => nothingCounted,
    refresh: async () => undefined,
    metrics: () => metrics.metrics(),
    live: () => server.registry,
    drain: async () => server.registry,
    close: async () => {
      for (const listener of listeners) listener.close()
    },
  }
}

/** Everything that lives in this thread and in the others. */
const liveOf = ({ registry }: TurnServer, threads: Threads): Live => ({
  get size() {
    return registry.size + threads.counted.counts.allocations
  },
  onEmpty(listener) {
    const looking = setInterval(async () => {
      // A thread that is too busy to answer still has calls.
      await threads.refresh().catch(() => undefined)
      if (this.size > 0) return
      clearInterval(looking)
      listener()
    }, drainInterval)
    looking.unref()
  },
})

/**
 * A port that is shared lets every process of this user in, and the kernel would deal out the calls of the one that has it
 * anew: a pod that drains on the node, say. So it is first bound alone. @throws ListenError when it is taken
 */
const untaken = async ({ config, addresses }: Inputs): Promise<void> => {
  for (const address of addresses.listen) (await bindUdp(address, config.listen.port))?.close()
}

/** @throws ListenError, StartError */
export const serveByThreads = async (inputs: Inputs): Promise<UdpService> => {
  const { config, addresses, counters, metrics, keyring, peers } = inputs
  await untaken(inputs)
  const counts = newSharedCounts(randomBytes(32))
  const shares = config.workers + 1
  const part = { share: { index: 0, count: shares }, quotas: new SharedQuotas(config.limits, counts) }
  const server = assembleTurn(config, addresses, sourcesOf(inputs), counters, part)
  const common = { config, addresses, counts, keyring: keyring.value, peers: peers.value }
  const threads = await Threads.start(
    Array.from({ length: config.workers }, (_, index) => ({ ...common, share: { index: index + 1, count: shares } })),
  )
  keyring.onChange((value) => threads.changeKeyring(value))
  peers.onChange((value) => threads.changePeers(value))
  const live = liveOf(server, threads)
  return {
    server,
    listeners: threads.listeners,
    counted: () => threads.counted,
    refresh: () => threads.refresh(),
    metrics: async () => {
      const all = [await metrics.getMetricsAsJSON(), ...(await threads.metrics())]
      return AggregatorRegistry.aggregate(all as object[]).metrics()
    },
    live: () => live,
    drain: async () => {
      server.drain.begin()
      threads.drain()
      await threads.refresh()
      return live
    },
    close: () => threads.end(),
  }
}
