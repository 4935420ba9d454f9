/**
 * The life of a workload process: read the mounts, start, say ready, reload, stop on SIGTERM, exit with a code that says
 * what would help.
 */
import { flushCompileCache } from 'node:module'
import { Registry } from 'prom-client'
import type { z } from 'zod'
import { exitCodes } from '../../contract/exit-codes.ts'
import { mountedFiles } from '../../contract/mounts.ts'
import { StartError } from '../../contract/start-error.ts'
import type { WorkloadState } from '../../contract/state.ts'
import { createLogger, type Logger } from '../log/logger.ts'
import { managementServer, type Readiness } from '../management/server.ts'
import { Mounts } from '../mounts/mounts.ts'
import { parseConfig, parseToken } from '../mounts/parse.ts'
import { listen } from './listen.ts'

type BaseConfig = { noLog: boolean; management: { address: string; port: number } }

export type Context<C> = { config: C; mounts: Mounts; log: Logger; metrics: Registry; dataDir: string }

/** What a started workload offers its process. */
export type Running = {
  /** Counts for `/state`; numbers alone. */
  counts: () => Record<string, number>
  allocationsByKey?: () => Record<string, number>
  /**
   * Where the work is done by threads: asks all of them for their counts. When it resolves, each has also taken in force
   * every mounted file that was loaded before.
   */
  refresh?: () => Promise<void>
  /** The metrics of all threads together. */
  metrics?: () => Promise<string>
  /**
   * Called once, on SIGTERM or SIGINT: takes no new work, finishes what runs, then resolves. `immediately` is aborted by a
   * further signal: what runs is given up then.
   */
  stop: (immediately: AbortSignal) => Promise<void>
  /** True where readiness must last to the end, because taking it away would cut what still runs. */
  readyWhileStopping?: boolean
}

export type WorkloadOptions<S extends z.ZodType<BaseConfig>> = {
  workload: WorkloadState['workload']
  schema: S
  mountsDir: string
  dataDir: string
  start: (context: Context<z.output<S>>) => Promise<Running>
}

/** Resolves at the first signal; `immediately` is aborted by the next one. */
const stopSignals = (): { told: Promise<void>; immediately: AbortSignal } => {
  const again = new AbortController()
  const { promise, resolve } = Promise.withResolvers<void>()
  let first = true
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (first) resolve()
      else again.abort()
      first = false
    })
  return { told: promise, immediately: again.signal }
}

/** What is ready although a file could not be used says so. */
const readiness = (ready: boolean, mounts: Mounts): Readiness => {
  const refused = Object.entries(mounts.loaded()).filter(([, { error }]) => error)
  const note = refused.map(([name]) => `${name} was refused, the version before is in force`).join('; ')
  return { ready, note }
}

const fail = (log: Logger, error: unknown): never => {
  if (error instanceof StartError) {
    log.fatal({ reason: error.message }, 'stopped')
    process.exit(error.exitCode)
  }
  log.fatal({ err: error }, 'stopped')
  process.exit(exitCodes.software)
}

const serve = async <S extends z.ZodType<BaseConfig>>(
  options: WorkloadOptions<S>,
  mounts: Mounts,
  config: z.output<S>,
  log: Logger,
): Promise<void> => {
  const metrics = new Registry()
  const token = mounts.file([mountedFiles.managementToken], parseToken)
  const { told, immediately } = stopSignals()
  const running = await options.start({ config, mounts, log, metrics, dataDir: options.dataDir })
  const status = { ready: true, draining: false }
  const management = managementServer({
    token: () => token.value,
    readiness: () => readiness(status.ready || running.readyWhileStopping === true, mounts),
    metrics: { contentType: metrics.contentType, metrics: () => (running.metrics ?? (() => metrics.metrics()))() },
    state: async () => {
      const loaded = mounts.loaded()
      await running.refresh?.()
      return {
        workload: options.workload,
        ...status,
        loaded,
        counts: running.counts(),
        ...(running.allocationsByKey ? { allocationsByKey: running.allocationsByKey() } : {}),
      }
    },
  })
  await listen(management, 'management', config.management.port, config.management.address)
  mounts.start(log)
  log.info('ready')
  // Now, and not at exit: a process that is killed would leave nothing for the next start.
  flushCompileCache()
  await told
  Object.assign(status, { ready: false, draining: true })
  log.info('stopping')
  await running.stop(immediately)
  mounts.stop()
  management.close()
  management.closeAllConnections()
}

/** Runs one workload until it is told to stop; ends the process. */
export const runWorkload = async <S extends z.ZodType<BaseConfig>>(options: WorkloadOptions<S>): Promise<never> => {
  let log = createLogger({ workload: options.workload, noLog: true })
  process.on('uncaughtException', (error) => fail(log, error))
  try {
    const mounts = new Mounts(options.mountsDir)
    const config = mounts.file([mountedFiles.config], (contents) => parseConfig(options.schema, contents)).value
    log = createLogger({ workload: options.workload, noLog: config.noLog })
    await serve(options, mounts, config, log)
    log.info('stopped')
    process.exit(exitCodes.ok)
  } catch (error) {
    return fail(log, error)
  }
}
