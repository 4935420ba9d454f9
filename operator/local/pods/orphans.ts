/** Processes that a killed runner left behind: the next start ends them before it starts its own. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Layout } from '../data/layout.ts'
import { readIfThere } from '../data/secrets.ts'
import { isRunning, type ProcessIdentity } from '../host/process-identity.ts'

/** What a left-over process gets to end in order: its clients come back to the new one. */
const graceMs = 5000
const pollMs = 20

const noted = (path: string): ProcessIdentity | null => {
  try {
    const { pid, startTime } = JSON.parse(readIfThere(path) ?? 'null') ?? {}
    return Number.isInteger(pid) && pid > 1 && typeof startTime === 'string' ? { pid, startTime } : null
  } catch {
    return null
  }
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const waitEnd = async (identity: ProcessIdentity, ms: number): Promise<boolean> => {
  for (const deadline = Date.now() + ms; isRunning(identity); await sleep(pollMs))
    if (Date.now() > deadline) return false
  return true
}

const end = async (identity: ProcessIdentity): Promise<void> => {
  send(identity.pid, 'SIGTERM')
  if (await waitEnd(identity, graceMs)) return
  send(identity.pid, 'SIGKILL')
  await waitEnd(identity, graceMs)
}

/** Ends every process noted below `pods` that still runs; returns the names of their pods. */
export const endOrphans = async (layout: Layout): Promise<string[]> => {
  if (!existsSync(layout.pods)) return []
  const found = readdirSync(layout.pods).map((pod) => ({ pod, identity: noted(layout.pod(pod).process) }))
  const running = found.filter(({ identity }) => identity && isRunning(identity))
  await Promise.all(running.map(({ identity }) => end(identity!)))
  rmSync(layout.pods, { recursive: true, force: true })
  return running.map(({ pod }) => pod)
}
