/**
 * The main thread's side of the writer: gathers the writes of one turn of the event loop into one message, and gives
 * each its answer and its changes when they are committed.
 */
import { Worker } from 'node:worker_threads'
import { MailboxExists, MailboxMissing, QuotaExceeded, StoreFull } from '../../store.ts'
import { StoreStopped, StoreTooNew } from '../errors.ts'
import type { CommittedChange } from '../writes/effects.ts'
import type {
  FromWriter,
  Reply,
  Request,
  ToWriter,
  WriteArguments,
  WriteName,
  WriteResult,
  WriterOptions,
} from './protocol.ts'

type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void; origin: unknown }

export type WriterEvents = {
  /** Called after the commit, before the write resolves. */
  onChange: (change: CommittedChange, origin: unknown) => void
  /** The thread has ended by itself; every write from now on fails. */
  onFailure: (error: Error) => void
}

const errors = new Map<string, new (message: string) => Error>([
  ['QuotaExceeded', QuotaExceeded],
  ['StoreFull', StoreFull],
  ['MailboxExists', MailboxExists],
  ['MailboxMissing', MailboxMissing],
])

const errorOf = (name: string, message: string): Error => new (errors.get(name) ?? Error)(message)

/** What the thread allocates is short-lived and small; V8 would let it take 48 MB before it looks. */
const youngGenerationMb = 8

export class Writer {
  #worker: Worker
  #events: WriterEvents
  #waiting = new Map<number, Waiting>()
  #outgoing: Request[] = []
  #nextId = 1
  #state: 'open' | 'closing' | 'ended' = 'open'
  #exited: Promise<void>
  #drained: (() => void) | undefined

  private constructor(worker: Worker, events: WriterEvents) {
    this.#worker = worker
    this.#events = events
    worker.on('message', (replies: Reply[]) => this.#answer(replies))
    worker.on('error', (error) => this.#fail(error))
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#fail(new StoreStopped())
        resolve()
      })
    })
  }

  /** Starts the thread; resolves when the database is open. @throws StoreTooNew */
  static async start(options: WriterOptions, events: WriterEvents): Promise<Writer> {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: options,
      name: 'store-writer',
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    })
    const first = await new Promise<FromWriter>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    if ('ready' in first) return new Writer(worker, events)
    const { failed, found, known } = first as Exclude<FromWriter, { ready: true } | Reply[]>
    throw found !== undefined && known !== undefined ? new StoreTooNew(found, known) : new Error(failed)
  }

  /** Resolves when the write is durable. `origin` comes back with its changes. */
  run<N extends WriteName>(name: N, args: WriteArguments<N>, origin: unknown = null): Promise<WriteResult<N>> {
    if (this.#state !== 'open') return Promise.reject(new StoreStopped())
    const id = this.#nextId++
    if (this.#outgoing.push({ id, name, arguments: args }) === 1) queueMicrotask(() => this.#send())
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, { resolve, reject, origin })
    return promise as Promise<WriteResult<N>>
  }

  /** Finishes what was asked for, writes the WAL back, ends the thread. `drained` is called when no write is left. */
  async close(drained: () => void): Promise<void> {
    this.#send()
    if (this.#state === 'open') this.#state = 'closing'
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve))
    drained()
    this.#worker.postMessage('close' satisfies ToWriter)
    await this.#exited
  }

  #send(): void {
    if (this.#outgoing.length === 0) return
    this.#worker.postMessage(this.#outgoing satisfies ToWriter)
    this.#outgoing = []
  }

  #answer(replies: readonly Reply[]): void {
    for (const reply of replies) {
      const waiting = this.#waiting.get(reply.id)
      if (!waiting) continue
      this.#waiting.delete(reply.id)
      if (reply.ok) this.#succeed(waiting, reply)
      else waiting.reject(errorOf(reply.name, reply.message))
    }
    if (this.#waiting.size === 0) this.#drained?.()
  }

  #succeed({ resolve, origin }: Waiting, reply: Extract<Reply, { ok: true }>): void {
    for (const change of reply.changes) this.#events.onChange(change, origin)
    resolve(reply.value)
  }

  #fail(error: Error): void {
    const expected = this.#state === 'closing'
    if (this.#state === 'ended') return
    this.#state = 'ended'
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    this.#drained?.()
    if (!expected) this.#events.onFailure(error)
  }
}
