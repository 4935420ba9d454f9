/** The TURN workload: mounted files in, relayed datagrams out. */
import { networkInterfaces } from 'node:os'
import { mountedFiles } from '../contract/mounts.ts'
import { type TurnConfig, turnConfig } from '../contract/turn-config.ts'
import { ListenError } from '../kit/lifecycle/listen.ts'
import { type Context, type Running, runWorkload } from '../kit/lifecycle/run.ts'
import { optionalCertificate, parseKeyring, parsePeers } from '../kit/mounts/parse.ts'
import { serverAddresses } from './address/machine.ts'
import { assembleTurn, type TurnServer } from './assemble.ts'
import { turnCounters } from './metrics/counters.ts'
import { addGauges, turnCounts } from './metrics/gauges.ts'
import { StreamConnections } from './relay/stream-listener.ts'
import { type Listener, listenUdp } from './relay/udp-listener.ts'

/** How often expired allocations are looked for, milliseconds. */
const sweepInterval = 1000

const listenAll = async (
  { engine }: TurnServer,
  addresses: readonly string[],
  port: number,
  failed: () => void,
): Promise<Listener[]> => {
  const listeners: Listener[] = []
  for (const address of addresses) {
    const listener = await listenUdp(engine, address, port, failed)
    if (listener) listeners.push(listener)
  }
  if (listeners.length === 0) throw new ListenError('no address to listen on for turn: this machine has no IPv6')
  return listeners
}

/** Starts serving; key ring and peers are followed as their files change. @throws ListenError, StartError */
export const startTurn = async ({ config, mounts, log, metrics }: Context<TurnConfig>): Promise<Running> => {
  const ring = mounts.file([mountedFiles.keyring], parseKeyring)
  const around = mounts.file([mountedFiles.peers], parsePeers)
  const certificate = mounts.file([mountedFiles.certificate, mountedFiles.privateKey], optionalCertificate)
  const addresses = serverAddresses(config, networkInterfaces())
  const counters = turnCounters(metrics, () => performance.now())
  const server = assembleTurn(config, addresses, { keyring: () => ring.value, peers: () => around.value }, counters)
  ring.onChange(server.keyringChanged)
  around.onChange(server.peersChanged)
  const streams = new StreamConnections({
    engine: server.engine,
    certificate: certificate.value,
    limits: { perSource: config.limits.allocationsPerIP * 2, total: config.limits.allocations * 2 },
    now: () => performance.now(),
    closed: counters.connectionClosed,
  })
  addGauges(metrics, server, { config, keyring: () => ring.value, connections: () => streams.size })
  certificate.onChange((pair) => streams.renew(pair))
  const listeners = await listenAll(server, addresses.listen, config.listen.port, counters.socketFailed)
  if (listeners.length < addresses.listen.length) log.warn('this machine has no IPv6: TURN listens without it')
  const tcpPorts = [...(config.listen.tcp ? [config.listen.port] : []), ...config.listen.tcpPorts]
  for (const address of addresses.listen) for (const port of tcpPorts) await streams.listen(address, port)
  const sweeping = setInterval(() => {
    server.engine.sweep()
    streams.sweep()
  }, sweepInterval)
  return {
    counts: () => ({ ...turnCounts(server), connections: streams.size }),
    allocationsByKey: () => server.registry.byKey(),
    readyWhileStopping: true,
    stop: async (immediately) => {
      const ended = await server.drain.run(server.registry, config.drain.deadline, immediately)
      log.info({ ended, cut: server.registry.size }, 'drained')
      clearInterval(sweeping)
      server.registry.removeAll()
      for (const listener of [...listeners, streams]) listener.close()
    },
  }
}

/** Runs until SIGTERM; ends the process. */
export const run = ({ mountsDir, dataDir }: { mountsDir: string; dataDir: string }): Promise<never> =>
  runWorkload({ workload: 'turn', schema: turnConfig, mountsDir, dataDir, start: startTurn })
