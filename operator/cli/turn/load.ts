/** The command `turn load`: calls through a TURN server, bounded, and what became of their datagrams. */
import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import type { CommandContext } from '../context.ts'
import { credentialsOf, type HostPort, secretFrom } from './credential.ts'
import { type Part, parts } from './parts.ts'
import type { Over } from './verdict.ts'

export type TurnLoadFlags = {
  server: HostPort
  secretFile: string
  over: Over
  insecure: boolean
  calls: number
  rate: number
  size: number
  duration: number
  notMine: boolean
  output: 'human' | 'json'
}

type LoadReport = Awaited<ReturnType<Part<'load'>['loadServer']>>

const ownAddress = (address: string): boolean =>
  address.startsWith('127.') ||
  address === '::1' ||
  Object.values(networkInterfaces()).some((list) => list?.some((each) => each.address === address))

const resolved = async ({ host }: HostPort, notMine: boolean): Promise<string> => {
  const { address } = await lookup(host).catch(() => {
    throw new StartError(`--server: ${host} does not resolve`, exitCodes.unavailable)
  })
  if (!ownAddress(address) && !notMine)
    throw new StartError(
      "--server: not an address of this machine; --not-mine loads it, with its owner's leave",
      exitCodes.usage,
    )
  return address
}

/** Every call has a credential of its own, so that quotas per credential count as they do for people. */
const credentials = (secret: string) => {
  let number = 0
  return () => credentialsOf(secret, Date.now() / 1000 + number++).usual
}

const human = ({ calls, sent, received, lossPercent, perSecond, latencyMs }: LoadReport): string =>
  [
    `${calls} calls, ${sent} datagrams sent, ${received} received: ${lossPercent} % lost, ${perSecond} relayed a second`,
    `latency p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, max ${latencyMs.max} ms`,
    '',
  ].join('\n')

/** Resolves to the exit code. @throws StartError */
export const runTurnLoad = async (flags: TurnLoadFlags, context: CommandContext): Promise<number> => {
  const { loadServer } = await parts.load()
  const { server, over, calls, rate, size, duration } = flags
  const address = await resolved(server, flags.notMine)
  const stop = new AbortController()
  context.onStop(() => stop.abort())
  const options = {
    ...server,
    address,
    protocol: over,
    verifyTls: !flags.insecure,
    credential: credentials(secretFrom(flags.secretFile)),
    calls,
    rate,
    size,
  }
  try {
    const report = await loadServer(
      { ...options, durationMs: duration * 1000, signal: stop.signal },
      (text) => void context.stderr.write(`${text}\n`),
    )
    context.stdout.write(flags.output === 'json' ? `${JSON.stringify(report)}\n` : human(report))
    return exitCodes.ok
  } catch (error) {
    throw new StartError(`the load could not be started: ${(error as Error).message}`, exitCodes.unavailable)
  }
}
