/** A daemon that stays in the foreground, and what is left of it and its children in a folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** Characters of its standard error that are kept for the report of a failure. */
const kept = 4000

export class Daemon {
  readonly name: string
  /** Rejects when it ends without having been told to. */
  readonly died: Promise<never>
  #process: ChildProcess
  #exited: Promise<void>
  #said = ''
  #stopping = false

  constructor(name: string, program: string, args: readonly string[]) {
    this.name = name
    // In a session of its own, so that Ctrl-C in a terminal reaches it by `stop` alone, in the right order.
    this.#process = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, cwd: '/' })
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-kept)
    })
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', () => resolve()).once('error', () => resolve())
    })
    this.died = this.#exited.then(() => {
      if (this.#stopping) return new Promise<never>(() => {})
      throw new Error(`${name} has ended: ${this.#said.trim() || 'see the system log'}`)
    })
    this.died.catch(() => {})
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** Resolves when it has ended, by force after five seconds. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#process.kill('SIGTERM')
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 5000)
    await this.#exited
    clearTimeout(force)
  }
}

/** Processes that work in this folder: both daemons' children do, also those whose parent has gone. */
const inFolder = (dir: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${dir}/`)
      } catch {
        return false
      }
    })

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** Waits for the children of ended daemons, two seconds, then ends them by force. */
export const endChildren = async (dir: string): Promise<void> => {
  const deadline = Date.now() + 2000
  for (let left = inFolder(dir); left.length > 0; left = inFolder(dir)) {
    if (Date.now() > deadline) for (const pid of left) signal(pid, 'SIGKILL')
    await pause(20)
  }
}
