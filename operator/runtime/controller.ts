/** Workers that call one function for each key of a queue, again and again, until all is as it should be. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import { type ControllerMetrics, controllerMetrics, type Outcome } from './controller-metrics.ts'
import type { Log } from './log.ts'
import { type QueueOptions, WorkQueue } from './queue.ts'
import { queueMetrics } from './queue-metrics.ts'

/**
 * `wait`: look again after `ms` milliseconds, though nothing is wrong; `retry`: try again with back-off. A thrown error is
 * a retry.
 */
export type Result = { kind: 'done' } | { kind: 'wait'; ms: number } | { kind: 'retry'; error?: Error }

export type ControllerOptions = {
  name: string
  workers: number
  /** `signal` aborts when the controller is stopped and its grace is over. */
  reconcile: (key: string, signal: AbortSignal) => Promise<Result>
  metrics: Registry
  log: Log
  /** Milliseconds of a clock that does not go backwards. */
  now?: () => number
  random?: () => number
  backoff?: QueueOptions['backoff']
}

/** How long a worker may take to notice that it is to end, in milliseconds. */
const abandonMs = 2000

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

export class Controller {
  readonly #options: ControllerOptions
  readonly #queue: WorkQueue
  readonly #metrics: ControllerMetrics
  readonly #abandoning = new AbortController()
  #workers: Promise<void>[] = []

  constructor(options: ControllerOptions) {
    this.#options = options
    const { name, metrics, now, random, backoff } = options
    this.#queue = new WorkQueue({
      metrics: queueMetrics(metrics, name),
      ...(now && { now }),
      ...(random && { random }),
      ...(backoff && { backoff }),
    })
    this.#metrics = controllerMetrics(metrics, name, options.workers)
  }

  /** Before `start` too: the key is worked on then. */
  enqueue(key: string): void {
    this.#queue.add(key)
  }

  /** Adds the key in `ms` milliseconds, unless it is added sooner. */
  enqueueAfter(key: string, ms: number): void {
    this.#queue.addAfter(key, ms)
  }

  start(): void {
    if (this.#workers.length > 0) return
    this.#workers = Array.from({ length: this.#options.workers }, () => this.#work())
  }

  /**
   * Takes no further key; what is worked on has `graceMs` milliseconds before its signal aborts. Resolves when all workers
   * ended, and soon after the signal even if one does not listen to it.
   */
  async stop(graceMs: number): Promise<void> {
    this.#queue.close()
    const over = new AbortController()
    const grace = wait(graceMs, undefined, over).then(() => this.#abandoning.abort())
    const abandoned = grace.then(() => wait(abandonMs, undefined, over))
    abandoned.catch(() => {})
    await Promise.race([Promise.all(this.#workers), abandoned])
    over.abort()
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.take(); key !== null; key = await this.#queue.take()) {
      await this.#reconcile(key)
      this.#queue.done(key)
    }
  }

  async #reconcile(key: string): Promise<void> {
    const finished = this.#metrics.begun()
    try {
      const result = await this.#options.reconcile(key, this.#abandoning.signal)
      finished(this.#settle(key, result))
    } catch (error) {
      this.#retry(key, asError(error))
      finished('error')
    }
  }

  #settle(key: string, result: Result): Outcome {
    if (result.kind === 'retry') {
      this.#retry(key, result.error)
      return result.error ? 'error' : 'requeue'
    }
    this.#queue.forget(key)
    if (result.kind === 'done') return 'success'
    this.#queue.addAfter(key, result.ms)
    return 'requeue_after'
  }

  #retry(key: string, error: Error | undefined): void {
    const waitMs = Math.round(this.#queue.addBackedOff(key))
    if (!error || this.#abandoning.signal.aborted) return
    this.#options.log.error({ controller: this.#options.name, key, err: error, waitMs }, 'reconcile failed')
  }
}
