/**
 * Tells of what happened where `kubectl describe` shows it. Telling is a courtesy: it never holds up and never fails the
 * one who tells, and it never floods the API server.
 */
import type { Counter, Registry } from 'prom-client'
import type { KubeClient } from '../kube/client.ts'
import { isNotFound } from '../kube/errors.ts'
import { counter } from '../kube/metrics.ts'
import type { KubeObject } from '../kube/objects.ts'
import { type EventType, eventObject, events, type Occurrence, seriesKey, seriesPatch } from './event.ts'
import type { Log } from './log.ts'

export type EventRecorderOptions = {
  client: Pick<KubeClient, 'create' | 'mergePatch'>
  /** The reporting controller, such as `example.dev/operator`. */
  controller: string
  /** This process, such as the pod's name. */
  instance: string
  log: Log
  metrics: Registry
  /** Milliseconds since 1970. */
  wallClock?: () => number
  /** Of the clock above: what happens again within this time is counted, later it is told anew. */
  seriesMs?: number
  /** The least time between two patches of one series. */
  patchMs?: number
  /** What may wait to be told; more is dropped and counted. */
  capacity?: number
  random?: () => number
}

const defaults = {
  wallClock: (): number => Date.now(),
  seriesMs: 6 * 60_000,
  patchMs: 60_000,
  capacity: 500,
  random: (): number => Math.random(),
}

/** One event in the cluster. `told` of `count` occurrences are there. */
type Series = {
  occurrence: Occurrence
  count: number
  told: number
  lastAt: number
  toldAt: number
  ref: { namespace: string; name: string } | null
}

export class EventRecorder {
  readonly #options: EventRecorderOptions & typeof defaults
  readonly #dropped: Counter
  /** The least recently seen first. */
  readonly #series = new Map<string, Series>()
  readonly #waiting = new Set<Series>()
  #telling: Promise<void> | undefined
  #stopped = false

  constructor(options: EventRecorderOptions) {
    this.#options = { ...defaults, ...options }
    this.#dropped = counter(options.metrics, {
      name: 'events_dropped_total',
      help: 'Events that were not told because too many waited or the API refused them',
      labelNames: [],
    })
  }

  /** Never throws. The same again becomes a count. `action` is what was being done, the reason unless told. */
  record(regarding: KubeObject, type: EventType, reason: string, note: string, action = reason): void {
    if (this.#stopped) return
    const series = this.#seriesOf({ regarding, type, reason, note, action })
    series.count++
    series.lastAt = this.#options.wallClock()
    if (this.#isDue(series)) this.#enqueue(series)
  }

  /** Resolves when all that is due has been told. */
  async flushed(): Promise<void> {
    await this.#telling
  }

  /** Tells what is left, counts too, and resolves; nothing is recorded any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const series of this.#series.values()) if (series.count > series.told) this.#enqueue(series)
    await this.#telling
  }

  #seriesOf(occurrence: Occurrence): Series {
    const now = this.#options.wallClock()
    const key = seriesKey(occurrence)
    const known = this.#series.get(key)
    const goesOn = known && now - known.lastAt <= this.#options.seriesMs
    const series = goesOn ? known : { occurrence, count: 0, told: 0, lastAt: now, toldAt: 0, ref: null }
    // Moved to the end: what has not been seen for longest goes first.
    this.#series.delete(key)
    this.#series.set(key, series)
    const [oldest] = this.#series.keys()
    if (this.#series.size > this.#options.capacity) this.#series.delete(oldest!)
    return series
  }

  /** The first and the second time at once, then now and then. */
  #isDue({ count, toldAt }: Series): boolean {
    return count <= 2 || this.#options.wallClock() - toldAt >= this.#options.patchMs
  }

  #enqueue(series: Series): void {
    if (this.#waiting.size >= this.#options.capacity) this.#drop(series)
    else this.#waiting.add(series)
    this.#telling ??= this.#tellAll()
  }

  #drop(series: Series): void {
    this.#dropped.inc()
    series.told = series.count
  }

  async #tellAll(): Promise<void> {
    // What is recorded in one go is told as one.
    await null
    for (const series of this.#waiting) {
      this.#waiting.delete(series)
      await this.#tell(series)
    }
    this.#telling = undefined
  }

  async #tell(series: Series): Promise<void> {
    // What was asked for twice has been told by the first: a series of one is none to the API server.
    if (series.told === series.count) return
    try {
      const { count, lastAt } = series
      if (series.ref) await this.#patch(series.ref, series)
      else await this.#create(series)
      Object.assign(series, { told: count, toldAt: lastAt })
    } catch (error) {
      this.#drop(series)
      this.#options.log.warn({ reason: series.occurrence.reason, err: error }, 'an event could not be recorded')
    }
  }

  async #create(series: Series): Promise<void> {
    const { client, random, controller, instance } = this.#options
    const suffix = Math.floor(random() * 2 ** 48)
      .toString(16)
      .padStart(12, '0')
    const event = eventObject(series.occurrence, { controller, instance }, suffix, series.lastAt)
    const counted = series.count > 1 ? { ...event, ...seriesPatch(series.count, series.lastAt) } : event
    await client.create(events, counted)
    series.ref = { namespace: event.metadata.namespace!, name: event.metadata.name }
  }

  async #patch(ref: { namespace: string; name: string }, series: Series): Promise<void> {
    try {
      await this.#options.client.mergePatch(events, ref, seriesPatch(series.count, series.lastAt))
    } catch (error) {
      // Events live an hour; this one is gone.
      if (!isNotFound(error)) throw error
      await this.#create(series)
    }
  }
}
