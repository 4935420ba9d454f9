/** The threads that serve UDP clients, as the process sees them. */
import { Worker } from 'node:worker_threads'
import { exitCodes } from '../../contract/exit-codes.ts'
import type { Keyring } from '../../contract/keyring.ts'
import { StartError } from '../../contract/start-error.ts'
import type { TurnPeers } from '../../contract/turn-peers.ts'
import {
  type Counted,
  type FromThread,
  nothingCounted,
  type ThreadMetrics,
  type ThreadOptions,
  type ToThread,
} from './messages.ts'

/** How long a thread may take to answer: it answers between datagrams, milliseconds. */
const patienceMs = 5000

class Thread {
  #worker: Worker
  #nextId = 1
  #ending = false
  #waiting = new Map<number, (answer: Counted | ThreadMetrics) => void>()

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Resolves when its sockets are bound. @throws StartError. A later end of it ends the process. */
  static async start(options: ThreadOptions): Promise<{ thread: Thread; listeners: number }> {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: options,
      name: `turn-${options.share.index}`,
    })
    const thread = new Thread(worker)
    const listeners = await new Promise<number>((resolve, reject) => {
      worker.once('error', reject)
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'answer') thread.#waiting.get(message.id)?.(message.answer)
        else if (message.kind === 'bound') resolve(message.listeners)
        else reject(new StartError(message.message, message.exitCode))
      })
    })
    // Unhandled on purpose: without this thread its clients' datagrams would go to others.
    worker.removeAllListeners('error').once('error', (error) => {
      throw error
    })
    worker.once('exit', () => {
      if (!thread.#ending) throw new Error('a thread has ended')
    })
    return { thread, listeners }
  }

  say(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  /** @throws StartError when it does not answer */
  async ask<T extends Counted | ThreadMetrics>(about: 'counts' | 'metrics'): Promise<T> {
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<Counted | ThreadMetrics>()
    const late = setTimeout(() => reject(new StartError('a thread does not answer', exitCodes.software)), patienceMs)
    this.#waiting.set(id, resolve)
    this.say({ kind: 'ask', id, about })
    return (await promise.finally(() => {
      clearTimeout(late)
      this.#waiting.delete(id)
    })) as T
  }

  async end(): Promise<void> {
    this.#ending = true
    await this.#worker.terminate()
  }
}

const sum = <R extends Record<string, number>>(records: readonly R[]): R => {
  const total: Record<string, number> = {}
  for (const record of records)
    for (const [name, value] of Object.entries(record)) total[name] = (total[name] ?? 0) + value
  return total as R
}

export class Threads {
  /** Addresses that each thread listens on. */
  readonly listeners: number
  #threads: readonly Thread[]
  /** As of the last `refresh`. */
  #counted: Counted = nothingCounted

  private constructor(threads: readonly Thread[], listeners: number) {
    this.#threads = threads
    this.listeners = listeners
  }

  /** Starts one thread for each of `options`; they serve when all of them are there. @throws StartError */
  static async start(options: readonly ThreadOptions[]): Promise<Threads> {
    const started: { thread: Thread; listeners: number }[] = []
    // One after the other: the first one says best why a port cannot be had.
    for (const each of options) started.push(await Thread.start(each))
    const threads = new Threads(
      started.map(({ thread }) => thread),
      started[0]!.listeners,
    )
    threads.#say({ kind: 'serve' })
    return threads
  }

  get counted(): Counted {
    return this.#counted
  }

  changeKeyring(value: Keyring): void {
    this.#say({ kind: 'keyring', value })
  }

  changePeers(value: TurnPeers): void {
    this.#say({ kind: 'peers', value })
  }

  drain(): void {
    this.#say({ kind: 'drain' })
  }

  /** Asks all for their counts: each has then done all that it was told before. @throws StartError */
  async refresh(): Promise<void> {
    const all = await Promise.all(this.#threads.map((thread) => thread.ask<Counted>('counts')))
    this.#counted = { counts: sum(all.map(({ counts }) => counts)), byKey: sum(all.map(({ byKey }) => byKey)) }
  }

  /** @throws StartError */
  metrics(): Promise<ThreadMetrics[]> {
    return Promise.all(this.#threads.map((thread) => thread.ask<ThreadMetrics>('metrics')))
  }

  async end(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()))
  }

  #say(message: ToThread): void {
    for (const thread of this.#threads) thread.say(message)
  }
}
