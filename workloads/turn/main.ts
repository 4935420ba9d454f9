/** The TURN workload: `config.yaml` and `keyring.json` in, relayed datagrams out. */
import { mountedFiles } from '../contract/mounts.ts'
import { type TurnConfig, turnConfig } from '../contract/turn-config.ts'
import { ListenError } from '../kit/lifecycle/listen.ts'
import { type Context, type Running, runWorkload } from '../kit/lifecycle/run.ts'
import { parseKeyring } from '../kit/mounts/parse.ts'
import { assembleTurn, type TurnServer } from './assemble.ts'
import { type Listener, listenUdp } from './relay/udp-listener.ts'

/** How often expired allocations are looked for, milliseconds. */
const sweepInterval = 1000

const listenAll = async ({ engine, socketFailed }: TurnServer, { listen }: TurnConfig): Promise<Listener[]> => {
  const listeners: Listener[] = []
  for (const address of listen.addresses) {
    const listener = await listenUdp(engine, address, listen.port, socketFailed)
    if (listener) listeners.push(listener)
  }
  if (listeners.length === 0) throw new ListenError('no address to listen on for turn: this machine has no IPv6')
  return listeners
}

/** Starts serving; the key ring is followed as its file changes. @throws ListenError */
export const startTurn = async ({ config, mounts, log, metrics }: Context<TurnConfig>): Promise<Running> => {
  const ring = mounts.file([mountedFiles.keyring], parseKeyring)
  const server = assembleTurn(config, () => ring.value, metrics)
  const listeners = await listenAll(server, config)
  if (listeners.length < config.listen.addresses.length) log.warn('this machine has no IPv6: TURN listens without it')
  const sweeping = setInterval(() => server.engine.sweep(), sweepInterval)
  return {
    counts: server.counts,
    allocationsByKey: () => server.registry.byKey(),
    stop: async () => {
      const ended = await server.drain.run(server.registry, config.drain.deadline)
      log.info({ ended, allocations: server.registry.size }, 'drained')
      clearInterval(sweeping)
      server.registry.removeAll()
      for (const listener of listeners) listener.close()
    },
  }
}

/** Runs until SIGTERM; ends the process. */
export const run = ({ mountsDir, dataDir }: { mountsDir: string; dataDir: string }): Promise<never> =>
  runWorkload({ workload: 'turn', schema: turnConfig, mountsDir, dataDir, start: startTurn })
