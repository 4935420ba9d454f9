/** The TURN workload: mounted files in, relayed datagrams out. */
import { networkInterfaces } from 'node:os'
import { mountedFiles } from '../contract/mounts.ts'
import { type TurnConfig, turnConfig } from '../contract/turn-config.ts'
import { ListenError } from '../kit/lifecycle/listen.ts'
import { type Context, type Running, runWorkload } from '../kit/lifecycle/run.ts'
import { optionalCertificate, parseKeyring, parsePeers } from '../kit/mounts/parse.ts'
import { serverAddresses } from './address/machine.ts'
import { turnCounters } from './metrics/counters.ts'
import { addProcessGauges, addServerGauges, turnCounts } from './metrics/gauges.ts'
import { StreamConnections } from './relay/stream-listener.ts'
import { type Inputs, serveByThreads, serveHere, type UdpService } from './udp-service.ts'

/** How often expired allocations are looked for, milliseconds. */
const sweepInterval = 1000

const sumOf = (own: Record<string, number>, others: Record<string, number>): Record<string, number> => {
  const total = { ...own }
  for (const [name, value] of Object.entries(others)) total[name] = (total[name] ?? 0) + value
  return total
}

/** Reads the files that the server follows. */
const inputsOf = ({ config, mounts, metrics }: Context<TurnConfig>) => {
  const keyring = mounts.file([mountedFiles.keyring], parseKeyring)
  const peers = mounts.file([mountedFiles.peers], parsePeers)
  const certificate = mounts.file([mountedFiles.certificate, mountedFiles.privateKey], optionalCertificate)
  const addresses = serverAddresses(config, networkInterfaces())
  const counters = turnCounters(metrics, () => performance.now())
  return { config, metrics, addresses, counters, keyring, peers, certificate }
}

const listenStreams = async (
  { config, addresses, counters, certificate, keyring }: ReturnType<typeof inputsOf>,
  { server }: UdpService,
): Promise<StreamConnections> => {
  const streams = new StreamConnections({
    engine: server.engine,
    certificate: certificate.value,
    limits: { perSource: config.limits.allocationsPerIP * 2, total: config.limits.allocations * 2 },
    handOver: {
      secrets: () => keyring.value.keys.map(({ secret }) => secret),
      seconds: () => Math.floor(Date.now() / 1000),
    },
    now: () => performance.now(),
    closed: counters.connectionClosed,
  })
  certificate.onChange((pair) => streams.renew(pair))
  const ports = [...(config.listen.tcp ? [config.listen.port] : []), ...config.listen.tcpPorts]
  for (const address of addresses.listen) for (const port of ports) await streams.listen(address, port)
  return streams
}

const startUdp = (inputs: Inputs): Promise<UdpService> =>
  inputs.config.workers === 1 ? serveHere(inputs) : serveByThreads(inputs)

/** Starts serving; key ring, peers and certificate are followed as their files change. @throws ListenError, StartError */
export const startTurn = async (context: Context<TurnConfig>): Promise<Running> => {
  const { config, log, metrics } = context
  const inputs = inputsOf(context)
  const udp = await startUdp(inputs)
  const { server } = udp
  if (udp.listeners === 0) throw new ListenError('no address to listen on for turn: this machine has no IPv6')
  if (udp.listeners < inputs.addresses.listen.length) log.warn('this machine has no IPv6: TURN listens without it')
  inputs.keyring.onChange(server.keyringChanged)
  inputs.peers.onChange(server.peersChanged)
  const streams = await listenStreams(inputs, udp)
  addServerGauges(metrics, server)
  const shared = { config, keyring: () => inputs.keyring.value, draining: () => server.drain.active }
  addProcessGauges(metrics, shared, () => streams.size)
  const sweeping = setInterval(() => {
    server.engine.sweep()
    streams.sweep()
  }, sweepInterval)
  return {
    counts: () => ({ ...sumOf(turnCounts(server), udp.counted().counts), connections: streams.size }),
    allocationsByKey: () => sumOf(server.registry.byKey(), udp.counted().byKey),
    refresh: () => udp.refresh(),
    metrics: () => udp.metrics(),
    readyWhileStopping: true,
    stop: async (immediately) => {
      const ended = await server.drain.run(await udp.drain(), config.drain.deadline, immediately)
      // Threads were asked some time ago; one that is too busy to answer has what it had then.
      await udp.refresh().catch(() => undefined)
      log.info({ ended, cut: udp.live().size }, 'drained')
      clearInterval(sweeping)
      server.registry.removeAll()
      await udp.close()
      streams.close()
    },
  }
}

/** Runs until SIGTERM; ends the process. */
export const run = ({ mountsDir, dataDir }: { mountsDir: string; dataDir: string }): Promise<never> =>
  runWorkload({ workload: 'turn', schema: turnConfig, mountsDir, dataDir, start: startTurn })
