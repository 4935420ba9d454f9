/**
 * A copy of all objects of one kind that follows the API server: one list, then watches. Whatever breaks, it goes on from
 * where it was, or lists again, until it is stopped: nobody who reads it has to know.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type BackoffPolicy, backoff } from './backoff.ts'
import { arrival, type Change, departure, replacement } from './changes.ts'
import type { KubeClient } from './client.ts'
import { ApiError, isGone, WatchFormatError } from './errors.ts'
import type { KubeObject, ObjectRef, Resource } from './objects.ts'
import { type Form, type ListFilter, ObjectStore } from './store.ts'
import type { WatchEvent } from './watch.ts'

export type ReflectorOptions<T extends KubeObject> = {
  client: Pick<KubeClient, 'list' | 'watch'>
  resource: Resource
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** Labels by which `list` finds objects without looking at all of them. */
  indexedLabels?: readonly string[]
  /** How objects are kept, `object` unless told. */
  form?: Form
  random?: () => number
  /** Milliseconds of a clock that does not go backwards. */
  now?: () => number
  /** Told what went wrong; it is being mended already. */
  onProblem?: (error: Error) => void
  /** Makes less of an object before it is stored; must leave its identity and resource version. */
  transform?: (object: T) => T
  backoff?: BackoffPolicy
}

const defaults = {
  random: Math.random as () => number,
  now: (): number => performance.now(),
  backoff: { baseMs: 200, maxMs: 30_000 } as BackoffPolicy,
}

/** A watch that was taken and lasted so long was a good one, even if nothing happened in it. */
const goodWatchMs = 1000

/** Refused for this many times by a failing server, a version may be one that it never had: it was put back, say. */
const refusalsBeforeList = 3

const without = <T extends KubeObject>(object: T): T => {
  const { managedFields: _managedFields, ...metadata } = object.metadata
  return { ...object, metadata }
}

/**
 * Whether what was missed cannot be told any more, or was told in a way that cannot be trusted. A watch from a version
 * that the server has not reached is silent, without even a bookmark, and looks like a broken connection.
 */
const needsList = (error: unknown, failures: number): boolean => {
  if (isGone(error) || error instanceof WatchFormatError || isSilence(error)) return true
  if (!(error instanceof ApiError) || error.status === 401 || error.status === 429) return false
  return error.status < 500 || failures >= refusalsBeforeList
}

const isSilence = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'UND_ERR_BODY_TIMEOUT'

/** Resource versions are decimal numbers that grow. */
const isBefore = (version: string, other: string): boolean =>
  version.length === other.length ? version < other : version.length < other.length

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

export class Reflector<T extends KubeObject> {
  /** Resolves after the first complete list. */
  readonly synced: Promise<void>
  readonly #options: ReflectorOptions<T> & typeof defaults
  readonly #store: ObjectStore<T>
  readonly #listeners = new Set<(change: Change<T>) => void>()
  readonly #stopping = new AbortController()
  readonly #markSynced: () => void
  #running: Promise<void> | undefined
  /** What the store is a copy of; undefined when a list is needed. */
  #version: string | undefined
  #failures = 0

  constructor(options: ReflectorOptions<T>) {
    this.#options = { ...defaults, ...options }
    this.#store = new ObjectStore(options.indexedLabels, options.form)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.synced = promise
    this.#markSynced = resolve
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends the watch; the copy stays as it is. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** The stored object, which all readers share: not to be changed. */
  get(ref: ObjectRef): T | undefined {
    return this.#store.get(ref)
  }

  /** Stored objects, which all readers share: not to be changed. */
  list(filter?: ListFilter): T[] {
    return this.#store.list(filter)
  }

  /**
   * Calls the listener after each change of the store, the first list's too when it came before. Returns its end. What a
   * listener throws is a problem told, no more.
   */
  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#relist(signal)
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#failed(error)
      }
      await this.#pause(signal)
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { client, resource } = this.#options
    const { items, resourceVersion } = await client.list<T>(resource, { ...this.#selection(), signal })
    for (const change of replacement(this.#store, items.map(this.#reduced))) this.#take(change)
    this.#version = resourceVersion
    this.#failures = 0
    this.#markSynced()
  }

  /** One watch, until the server ends it. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { client, resource, now } = this.#options
    let opened = Number.POSITIVE_INFINITY
    const options = { ...this.#selection(), resourceVersion: this.#version!, signal }
    const events = client.watch<T>(resource, { ...options, onOpen: () => (opened = now()) })
    try {
      for await (const event of events) {
        this.#apply(event)
        this.#failures = 0
      }
      // A server that ends each watch at once must not be asked without a pause.
      this.#failures++
    } finally {
      if (now() - opened >= goodWatchMs) this.#failures = 0
    }
  }

  #apply({ type, object }: WatchEvent<T>): void {
    const version = object.metadata.resourceVersion!
    if (isBefore(version, this.#version!)) throw new WatchFormatError('the server has gone back to an older version')
    this.#version = version
    if (type === 'BOOKMARK') return
    const reduced = this.#reduced(object)
    const changes = type === 'DELETED' ? departure(this.#store, reduced) : arrival(this.#store, reduced)
    for (const change of changes) this.#take(change)
  }

  #take(change: Change<T>): void {
    if (change.type === 'deleted') this.#store.delete(change.object.metadata)
    else this.#store.set(change.object)
    for (const listener of [...this.#listeners]) {
      try {
        listener(change)
      } catch (error) {
        this.#tell(error)
      }
    }
  }

  #failed(error: unknown): void {
    this.#failures++
    if (needsList(error, this.#failures)) this.#version = undefined
    this.#tell(error)
  }

  #tell(error: unknown): void {
    try {
      this.#options.onProblem?.(asError(error))
    } catch {
      // Whoever is told must not end what tells it.
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { backoff: policy, random } = this.#options
    if (this.#failures > 0) await wait(backoff(this.#failures, policy, random), undefined, { signal }).catch(() => {})
  }

  readonly #reduced = (object: T): T => {
    const bare = without(object)
    try {
      return this.#options.transform?.(bare) ?? bare
    } catch (error) {
      this.#tell(error)
      return bare
    }
  }

  #selection(): { namespace?: string; labelSelector?: string; fieldSelector?: string } {
    const { namespace, labelSelector, fieldSelector } = this.#options
    return {
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
    }
  }
}
