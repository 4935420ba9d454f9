/** `chatmail up`: one server on this machine, from the resource to the last process that has ended. */
import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { delimiter, dirname, resolve } from 'node:path'
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { problemLine } from '../../workloads/contract/problems.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import { workloadEnvironment } from '../../workloads/contract/workload-process.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { unsupported } from '../api/support.ts'
import type { Resolve } from '../reconcile/lookups.ts'
import type { Facts } from '../render/facts.ts'
import { type PortRow, portRows } from '../render/ports.ts'
import { takeFolder } from './data/folder.ts'
import { type Layout, layout } from './data/layout.ts'
import { SecretFolder } from './data/secrets.ts'
import { clientAddress, gather, type Surroundings } from './gather.ts'
import { listening } from './host/addresses.ts'
import { checkPorts, type Hosts } from './host/ports.ts'
import type { ProveIroh } from './iroh.ts'
import { type KeptKeys, keptKeys } from './keys/parts.ts'
import { followKeys, startingRing } from './keys/start.ts'
import { lastFailure } from './log-tail.ts'
import { endOrphans } from './pods/orphans.ts'
import { MissingFile } from './pods/plan.ts'
import type { PodEvent } from './pods/pod.ts'
import { Runner } from './pods/runner.ts'
import type { Program } from './pods/spawn.ts'
import { type LocalServer, podEvents, startServer } from './server.ts'

export type UpOptions = {
  /** Where the data lies; by default `chatmail-data/<name>` below the working folder. */
  dataDir: string | undefined
  /** IPv4 address that clients are told; a loopback address also keeps the listeners there. */
  address: string | undefined
  /** Where the workloads' logs go. */
  logs: Program['output']
}

export type UpHost = {
  pid: number
  /** The words that start this program. */
  command: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** Told what happens, for a person. */
  progress: (line: string) => void
  /** Calls back on each request to stop: first in order, then at once. */
  onStop: (listener: (immediate: boolean) => void) => void
  /** Calls back when this process ends, for whatever reason it can still notice. */
  onExit: (listener: () => void) => void
  proveIroh: ProveIroh
  resolve: Resolve
}

/** Called once clients can use the server. */
export type Ready = (server: ChatmailServer, facts: Facts, dataDir: string) => Promise<void>

const surroundings = ({ address }: UpOptions): Surroundings => ({
  address,
  interfaces: networkInterfaces(),
  random: randomBytes,
  now: Date.now,
})

/** Nothing of the caller's environment reaches a workload but where programs are and which time zone it is. */
const environment = (host: UpHost, { cache }: Layout): Record<string, string> => ({
  PATH: host.env.PATH ?? ['/usr/local/bin', '/usr/bin', '/bin', dirname(process.execPath)].join(delimiter),
  ...(host.env.TZ ? { TZ: host.env.TZ } : {}),
  NODE_COMPILE_CACHE: cache,
  ...workloadEnvironment,
})

const refuse = (server: ChatmailServer): void => {
  const found = unsupported(server.spec, 'local')
  if (found.length) throw new StartError(found.map(problemLine).join('\n'), exitCodes.config)
}

/** The local addresses that a port is bound on. */
const hosts = (server: ChatmailServer, around: Surroundings): Hosts => {
  const listen = listening(clientAddress(server, around), around.interfaces)
  return (row: PortRow) => {
    if (row.audience === 'management') return ['127.0.0.1']
    return row.protocol === 'UDP' ? listen.turn.listen : [listen.mail]
  }
}

const describeExit = (event: PodEvent & { kind: 'exit' }, why: string): string => {
  const how = event.signal ? `by ${event.signal}` : `with code ${event.code}`
  const next =
    event.restartMs === null ? 'Starting it again would not help.' : `It starts again in ${event.restartMs} ms.`
  return `${event.pod} ended ${how}${why ? ` (${why})` : ''}. ${next}`
}

const assemble = (
  server: ChatmailServer,
  facts: Facts,
  dirs: Layout,
  options: UpOptions,
  host: UpHost,
): LocalServer => {
  const secrets = new SecretFolder(dirs)
  const events = podEvents()
  const explain = (pod: string) => (options.logs === 'log' ? lastFailure(dirs.log(pod)) : '')
  const runner = new Runner({
    layout: dirs,
    program: { command: host.command, env: environment(host, dirs), output: options.logs },
    kept: (name, key) => secrets.read(name, key),
    probeHost: facts.managementAddress,
    now: Date.now,
    report: (event) => {
      if (event.kind === 'exit') host.progress(describeExit(event, explain(event.pod)))
      events.emit('event', event)
    },
  })
  const { progress, proveIroh, resolve } = host
  return { server, facts, runner, events, progress, explain, proveIroh, resolve }
}

type Prepared = { local: LocalServer; keys: KeptKeys }

/** Resolves when the server is to stop: asked to, or because a workload cannot go on. */
const untilStop = (local: LocalServer, stopAsked: Promise<void>): Promise<number> =>
  Promise.race([
    stopAsked.then(() => exitCodes.ok),
    new Promise<number>((resolve) => {
      local.events.on('event', (event) => {
        if (event.kind === 'exit' && event.restartMs === null) resolve(exitCodes.config)
      })
    }),
  ])

const serve = async (
  prepared: Prepared,
  address: string,
  dirs: Layout,
  host: UpHost,
  ready: Ready,
): Promise<number> => {
  const { local } = prepared
  let stopKeys = async () => {}
  const stopAsked = new Promise<void>((resolve) => {
    host.onStop((immediate) => {
      if (immediate) local.runner.kill()
      resolve()
    })
  })
  host.onExit(() => local.runner.kill())
  const ended = new AbortController()
  try {
    const started = startServer(local, address, ended.signal).then(() => true)
    const up = await Promise.race([started, stopAsked.then(() => false)])
    if (!up) return exitCodes.ok
    stopKeys = followKeys(prepared.keys, local, dirs)
    await ready(local.server, local.facts, dirs.root)
    return await untilStop(local, stopAsked)
  } finally {
    ended.abort()
    host.progress('Stopping.')
    await stopKeys()
    await local.runner.stop()
    host.progress('Stopped.')
  }
}

const prepare = async (server: ChatmailServer, options: UpOptions, dirs: Layout, host: UpHost): Promise<Prepared> => {
  const around = surroundings(options)
  const left = await endOrphans(dirs)
  if (left.length) host.progress(`Ended what an earlier run left behind: ${left.join(', ')}.`)
  await checkPorts(portRows(server, 'local'), hosts(server, around))
  const keys = keptKeys(server, dirs, around, host.progress)
  const facts = gather(server, around, new SecretFolder(dirs), await startingRing(keys, dirs))
  return { local: assemble(server, facts, dirs, options, host), keys }
}

/** What a person can mend is told in words: a missing file, and what the system says of the data folder. */
const told = (error: unknown): unknown => {
  if (error instanceof MissingFile) return new StartError(error.message, exitCodes.config)
  const { syscall, message } = error as NodeJS.ErrnoException
  return syscall ? new StartError(message, exitCodes.unavailable) : error
}

const take = (dirs: Layout, pid: number): (() => void) => {
  try {
    return takeFolder(dirs, pid)
  } catch (error) {
    throw told(error)
  }
}

/** Runs `server` until it is told to stop; resolves to the exit code. @throws StartError */
export const up = async (server: ChatmailServer, options: UpOptions, host: UpHost, ready: Ready): Promise<number> => {
  refuse(server)
  const dirs = layout(resolve(options.dataDir ?? `chatmail-data/${server.metadata.name}`))
  const giveBack = take(dirs, host.pid)
  try {
    host.progress(`Starting ${server.spec.domain}; its data lies in ${dirs.root}.`)
    const prepared = await prepare(server, options, dirs, host)
    return await serve(prepared, clientAddress(server, surroundings(options)), dirs, host, ready)
  } catch (error) {
    throw told(error)
  } finally {
    giveBack()
  }
}
