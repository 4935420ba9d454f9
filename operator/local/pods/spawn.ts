/** Starting the process of a pod with a clean environment, and noting who it is. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import type { Layout } from '../data/layout.ts'
import { writePrivate } from '../data/secrets.ts'
import { startTime } from '../host/process-identity.ts'
import type { PodPlan } from './plan.ts'

/** A log beyond this is put aside at the next start, where it replaces the one before. */
const maxLogBytes = 4 * 1024 * 1024

export type Program = {
  /** The program and its first words: how `chatmail` is called here. */
  command: readonly string[]
  env: Readonly<Record<string, string>>
  /** Where the process writes: a log file of its own, or this process's stderr. */
  output: 'log' | 'stderr'
}

const openLog = (layout: Layout, pod: string): number => {
  const path = layout.log(pod)
  mkdirSync(layout.logs, { recursive: true, mode: 0o700 })
  if (existsSync(path) && statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`)
  return openSync(path, 'a', 0o600)
}

/**
 * A session of its own keeps the process apart from the terminal, so that Ctrl-C reaches this process alone, which then
 * stops it in order.
 */
const launch = (plan: PodPlan, { command, env }: Program, output: number): ChildProcess =>
  spawn(command[0]!, [...command.slice(1), ...plan.args], {
    env: { ...env },
    stdio: ['ignore', output, output],
    detached: true,
  })

/** A process of which no note can be made must not run: nobody would find it. */
const noted = (child: ChildProcess, path: string): ChildProcess => {
  try {
    if (child.pid !== undefined) writePrivate(path, JSON.stringify({ pid: child.pid, startTime: startTime(child.pid) }))
    return child
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

export const spawnPod =
  (layout: Layout, program: Program) =>
  (plan: PodPlan): ChildProcess => {
    const output = program.output === 'log' ? openLog(layout, plan.name) : 2
    try {
      return noted(launch(plan, program, output), layout.pod(plan.name).process)
    } finally {
      if (output !== 2) closeSync(output)
    }
  }

export const forgetPod =
  (layout: Layout) =>
  ({ name }: PodPlan): void =>
    rmSync(layout.pod(name).process, { force: true })
