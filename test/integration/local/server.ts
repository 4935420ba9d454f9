/** A local server over fake workloads, in this process or in one of its own, in a temporary folder. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apiVersion, type ChatmailServer, kind, parseServer } from '../../../operator/api/chatmail-server.ts'
import type { ProveIroh } from '../../../operator/local/iroh.ts'
import { up } from '../../../operator/local/up.ts'
import type { Facts } from '../../../operator/render/facts.ts'
import { eventually } from '../../support/eventually.ts'
import { freePorts } from '../../support/ports.ts'
import type { Behaviour, Start } from './fake-workload.ts'

const fakeWorkload = fileURLToPath(new URL('fake-workload.ts', import.meta.url))

/** A spec on free ports. */
export const freeSpec = async (): Promise<Record<string, unknown>> => {
  const [imaps, imap, submissions, submission, https, mail, turn, iroh, relay, client] = await freePorts(10)
  return {
    domain: '_local.test',
    exposure: { ports: { imaps, imap, submissions, submission, https } },
    monitoring: { ports: { mail, turn, iroh } },
    iroh: { port: relay },
    turn: {
      port: client,
      relayPorts: client! < 60000 ? { min: 60000, max: 60010 } : { min: 20000, max: 20010 },
      drain: { deadline: '1s' },
    },
  }
}

export const serverOf = (spec: Record<string, unknown>): ChatmailServer => {
  const parsed = parseServer({ apiVersion, kind, metadata: { name: 'chat' }, spec })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.server
}

/** Resolves once `condition` holds; fails after `ms`, saying what was waited for. */
export const until = (condition: () => boolean | Promise<boolean>, what: string, ms?: number): Promise<void> =>
  eventually(async () => assert.ok(await condition(), `waited for ${what}`), ms)

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

export type Bed = {
  root: string
  dataDir: string
  behaviour: (behaviour: Behaviour) => void
  starts: (name?: string) => Start[]
  /** The words that start a fake workload. */
  command: string[]
  /** What is found of the relay for real-time apps: that it works, unless a test says otherwise. */
  proveIroh: ProveIroh
  /** Servers that run in this process. */
  runs: RunningServer[]
  /** Ends what still runs, and removes the folder. */
  remove: () => Promise<void>
}

export const makeBed = (): Bed => {
  const root = mkdtempSync(join(tmpdir(), 'chatmail-local-'))
  const file = join(root, 'behaviour.json')
  const bed: Bed = {
    root,
    dataDir: join(root, 'data'),
    behaviour: (behaviour) => writeFileSync(file, JSON.stringify(behaviour)),
    starts: (name) => {
      if (!existsSync(`${file}.starts`)) return []
      const lines = readFileSync(`${file}.starts`, 'utf8').trim().split('\n')
      return lines.map((line): Start => JSON.parse(line)).filter((start) => !name || start.name === name)
    },
    command: [process.execPath, fakeWorkload, file],
    proveIroh: async () => ({ ok: true }),
    runs: [],
    remove: async () => {
      for (const run of bed.runs) run.stop(true)
      await Promise.allSettled(bed.runs.map(({ done }) => done))
      for (const { pid } of bed.starts()) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      rmSync(root, { recursive: true, force: true })
    },
  }
  bed.behaviour({})
  return bed
}

export type RunningServer = {
  /** Resolves with the exit code, rejects with the error of a start that failed. */
  done: Promise<number>
  /** Resolves once clients could use it. */
  ready: Promise<Facts>
  stop: (immediate?: boolean) => void
  progress: string[]
}

/** Runs `up` in this process. */
export const runUp = (bed: Bed, server: ChatmailServer, dataDir = bed.dataDir): RunningServer => {
  const progress: string[] = []
  const ready = Promise.withResolvers<Facts>()
  let stop: (immediate: boolean) => void = () => {}
  const done = up(
    server,
    { dataDir, address: '127.0.0.1', logs: 'log' },
    {
      pid: process.pid,
      command: bed.command,
      env: { PATH: process.env.PATH, TZ: 'UTC', SECRET: 'not for workloads' },
      progress: (line) => progress.push(line),
      onStop: (listener) => {
        stop = listener
      },
      onExit: () => {},
      proveIroh: bed.proveIroh,
      resolve: async () => [],
    },
    async (_server, facts) => ready.resolve(facts),
  )
  done.then(
    () => ready.reject(new Error('it stopped before it was ready')),
    (error) => ready.reject(error),
  )
  ready.promise.catch(() => {})
  const run = { done, ready: ready.promise, stop: (immediate = false) => stop(immediate), progress }
  bed.runs.push(run)
  return run
}
