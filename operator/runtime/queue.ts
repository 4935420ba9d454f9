/**
 * Keys that want work. A key is in the queue once however often it is added, no two workers ever hold the same key, and a
 * key that is added while a worker holds it comes again after that.
 */
import { type BackoffPolicy, backoff } from '../kube/backoff.ts'
import type { QueueMetrics } from './queue-metrics.ts'

export type QueueOptions = {
  backoff?: BackoffPolicy
  metrics?: QueueMetrics
  /** Milliseconds of a clock that does not go backwards. */
  now?: () => number
  random?: () => number
  setTimer?: (callback: () => void, ms: number) => { clear(): void }
}

export const defaultBackoff: BackoffPolicy = { baseMs: 250, maxMs: 300_000 }

/** What a timer of Node can wait; whatever is later is looked at again then. */
const longestTimerMs = 2 ** 31 - 1

const nodeTimer = (callback: () => void, ms: number): { clear(): void } => {
  const timer = setTimeout(callback, ms)
  return { clear: () => clearTimeout(timer) }
}

type Delayed = { at: number; timer: { clear(): void } }

export class WorkQueue {
  readonly #options: Required<Omit<QueueOptions, 'metrics'>>
  readonly #metrics: QueueMetrics | undefined
  /** In the order in which they are handed out, with the time of their arrival. */
  readonly #ready = new Map<string, number>()
  /** Held by workers, with the time since when. */
  readonly #held = new Map<string, number>()
  /** Added while held. */
  readonly #again = new Set<string>()
  readonly #delayed = new Map<string, Delayed>()
  readonly #failures = new Map<string, number>()
  readonly #waiting: ((key: string | null) => void)[] = []
  #closed = false

  constructor(options: QueueOptions = {}) {
    const { metrics, ...given } = options
    const defaults = { backoff: defaultBackoff, now: () => performance.now(), random: Math.random, setTimer: nodeTimer }
    this.#options = { ...defaults, ...given }
    this.#metrics = metrics
    metrics?.watch({ depth: () => this.#ready.size, held: () => [...this.#held.values()].map((at) => this.#since(at)) })
  }

  add(key: string): void {
    if (this.#closed) return
    this.#undelay(key)
    if (this.#held.has(key)) this.#again.add(key)
    else this.#push(key)
  }

  /** Adds the key in `ms` milliseconds, unless it is added sooner: of several times the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) this.add(key)
    else if (!this.#closed) this.#delay(key, ms)
  }

  /** Adds the key after a wait that grows with each failure since the last `forget`. Returns the wait in milliseconds. */
  addBackedOff(key: string): number {
    const failures = this.failures(key) + 1
    this.#failures.set(key, failures)
    const ms = backoff(failures, this.#options.backoff, this.#options.random)
    this.#metrics?.retried()
    this.addAfter(key, ms)
    return ms
  }

  /** Work on this key went well. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key, which the caller holds until it says `done`; null when the queue is closed. */
  take(): Promise<string | null> {
    if (this.#closed) return Promise.resolve(null)
    const [next] = this.#ready.keys()
    if (next !== undefined) return Promise.resolve(this.#hold(next))
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  done(key: string): void {
    const since = this.#held.get(key)
    if (since === undefined) return
    this.#held.delete(key)
    this.#metrics?.worked(this.#since(since))
    if (this.#again.delete(key) && !this.#closed) this.#push(key)
  }

  /** Hands out no key any more; what is held may be finished. */
  close(): void {
    this.#closed = true
    for (const { timer } of this.#delayed.values()) timer.clear()
    this.#delayed.clear()
    this.#ready.clear()
    this.#again.clear()
    for (const resolve of this.#waiting.splice(0)) resolve(null)
  }

  #push(key: string): void {
    if (this.#ready.has(key)) return
    this.#metrics?.added()
    this.#ready.set(key, this.#options.now())
    this.#waiting.shift()?.(this.#hold(key))
  }

  #hold(key: string): string {
    this.#metrics?.waited(this.#since(this.#ready.get(key)!))
    this.#ready.delete(key)
    this.#held.set(key, this.#options.now())
    return key
  }

  #delay(key: string, ms: number): void {
    const at = this.#options.now() + ms
    const known = this.#delayed.get(key)
    if (this.#ready.has(key) || this.#again.has(key) || (known && known.at <= at)) return
    known?.timer.clear()
    this.#delayed.set(key, { at, timer: this.#timer(key, at) })
  }

  #undelay(key: string): void {
    this.#delayed.get(key)?.timer.clear()
    this.#delayed.delete(key)
  }

  #timer(key: string, at: number): { clear(): void } {
    const ms = Math.min(Math.max(0, at - this.#options.now()), longestTimerMs)
    return this.#options.setTimer(() => this.#due(key, at), ms)
  }

  #due(key: string, at: number): void {
    if (this.#options.now() < at) this.#delayed.set(key, { at, timer: this.#timer(key, at) })
    else this.add(key)
  }

  #since(at: number): number {
    return (this.#options.now() - at) / 1000
  }
}
