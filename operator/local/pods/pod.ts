/** One pod as a process: started, probed, restarted with back-off, updated in place, stopped within its grace period. */
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { backoffMs, countFailure } from './backoff.ts'
import { sameFiles, writeMounts } from './mounts.ts'
import type { PodPlan } from './plan.ts'
import { watchProbe } from './probe.ts'

export type PodState = 'starting' | 'ready' | 'unready' | 'waiting' | 'failed' | 'stopped'

export type PodEvent =
  | { kind: 'state'; pod: string; state: PodState }
  /** The process ended by itself; `restartMs` is null where starting it again would not help. */
  | { kind: 'exit'; pod: string; code: number | null; signal: string | null; restartMs: number | null }

export type PodHost = {
  /** Starts the pod's process and notes who it is. */
  spawn: (plan: PodPlan) => ChildProcess
  /** Forgets the process noted, once it has ended. */
  forget: (plan: PodPlan) => void
  probeHost: string
  now: () => number
  report: (event: PodEvent) => void
}

/** Between two probes of a process that is not ready yet. */
const eagerProbeMs = 50

const prepare = ({ folders }: PodPlan): void => {
  for (const { path, fresh } of folders) {
    if (fresh) rmSync(path, { recursive: true, force: true })
    mkdirSync(path, { recursive: true, mode: 0o700 })
  }
}

export class Pod {
  #plan: PodPlan
  #host: PodHost
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #state: PodState = 'stopped'
  #failures = 0
  #restart: NodeJS.Timeout | undefined
  #stopProbes: (() => void)[] = []
  #stopping = false

  constructor(plan: PodPlan, host: PodHost) {
    this.#plan = plan
    this.#host = host
  }

  get state(): PodState {
    return this.#state
  }

  get revision(): string {
    return this.#plan.revision
  }

  start(): void {
    prepare(this.#plan)
    writeMounts(this.#plan.mountsDir, this.#plan.files)
    this.#launch()
  }

  /** Puts changed files in force while the process runs. */
  update(plan: PodPlan): void {
    const changed = !sameFiles(this.#plan.files, plan.files)
    this.#plan = plan
    if (changed) writeMounts(plan.mountsDir, plan.files)
  }

  /** SIGTERM, SIGKILL when the grace period is up; then the mounts go. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    this.#endProbes()
    const killer = setTimeout(() => this.kill(), this.#plan.gracePeriodMs)
    this.#child?.kill('SIGTERM')
    await this.#ended
    clearTimeout(killer)
    rmSync(this.#plan.mountsDir, { recursive: true, force: true })
    this.#enter('stopped')
  }

  /** SIGKILL at once. */
  kill(): void {
    this.#stopping = true
    clearTimeout(this.#restart)
    this.#child?.kill('SIGKILL')
  }

  #launch(): void {
    const began = this.#host.now()
    this.#enter('starting')
    const child = this.#host.spawn(this.#plan)
    this.#child = child
    this.#ended = new Promise((resolve) => {
      const ended = (code: number | null, signal: string | null) => {
        this.#exited(code, signal, this.#host.now() - began)
        resolve()
      }
      child.once('exit', ended)
      child.once('error', () => {
        if (child.pid === undefined) ended(null, null)
      })
    })
    this.#watch()
  }

  #watch(): void {
    const { readiness, liveness } = this.#plan
    const { probeHost } = this.#host
    this.#stopProbes = [
      watchProbe(probeHost, readiness, eagerProbeMs, (ready) => this.#enter(ready ? 'ready' : 'unready')),
      watchProbe(probeHost, liveness, liveness.periodMs, (alive) => {
        if (!alive) this.#child?.kill('SIGKILL')
      }),
    ]
  }

  #endProbes(): void {
    for (const stop of this.#stopProbes) stop()
    this.#stopProbes = []
  }

  #exited(code: number | null, signal: string | null, ranMs: number): void {
    this.#child = undefined
    this.#endProbes()
    this.#host.forget(this.#plan)
    if (this.#stopping) return
    this.#failures = countFailure(this.#failures, ranMs)
    const restartMs = code === exitCodes.config ? null : backoffMs(this.#failures)
    this.#enter(restartMs === null ? 'failed' : 'waiting')
    if (restartMs !== null) this.#restart = setTimeout(() => this.#launch(), restartMs)
    this.#host.report({ kind: 'exit', pod: this.#plan.name, code, signal, restartMs })
  }

  #enter(state: PodState): void {
    if (this.#state === state) return
    this.#state = state
    this.#host.report({ kind: 'state', pod: this.#plan.name, state })
  }
}
