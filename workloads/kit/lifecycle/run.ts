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
import { managementServer } from '../management/server.ts'
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
  /** Called once, on SIGTERM or SIGINT: takes no new work, finishes what runs, then resolves. */
  stop: () => Promise<void>
}

export type WorkloadOptions<S extends z.ZodType<BaseConfig>> = {
  workload: WorkloadState['workload']
  schema: S
  mountsDir: string
  dataDir: string
  start: (context: Context<z.output<S>>) => Promise<Running>
}

const stopSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
  })

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
  const stopping = stopSignal()
  const running = await options.start({ config, mounts, log, metrics, dataDir: options.dataDir })
  const status = { ready: true, draining: false }
  const management = managementServer({
    token: () => token.value,
    ready: () => status.ready,
    metrics,
    state: () => ({
      workload: options.workload,
      ...status,
      loaded: mounts.loaded(),
      counts: running.counts(),
      ...(running.allocationsByKey ? { allocationsByKey: running.allocationsByKey() } : {}),
    }),
  })
  await listen(management, 'management', config.management.port, config.management.address)
  mounts.start(log)
  log.info('ready')
  // Now, and not at exit: a process that is killed would leave nothing for the next start.
  flushCompileCache()
  await stopping
  Object.assign(status, { ready: false, draining: true })
  log.info('stopping')
  await running.stop()
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
