/**
 * What was written a moment ago and is not among the watched copies yet: without it the next pass would decide on what was
 * there before, and write again.
 */
import type { KubeObject } from '../kube/objects.ts'
import { idOf } from './resources.ts'
import { ownerKeyOf } from './view.ts'

/** A watch that lags longer than this has broken and lists again. */
const longestMs = 10_000

type Entry = { object: KubeObject; at: number }

/** Resource versions are decimal numbers that grow. */
const isNewer = (a: KubeObject, b: KubeObject): boolean =>
  BigInt(a.metadata.resourceVersion ?? 0) > BigInt(b.metadata.resourceVersion ?? 0)

const keyOf = (object: KubeObject): string => `${object.metadata.namespace}/${idOf(object)}`

export class WrittenObjects {
  /** The oldest first. */
  readonly #entries = new Map<string, Entry>()
  /** Owner → keys of its entries. */
  readonly #owned = new Map<string, Set<string>>()
  readonly #now: () => number

  /** `now` in milliseconds, of a clock that nobody sets. */
  constructor(now: () => number) {
    this.#now = now
  }

  note(object: KubeObject): void {
    const { managedFields: _, ...metadata } = object.metadata
    const key = keyOf(object)
    this.#forget(key)
    this.#forgetOld()
    this.#entries.set(key, { object: { ...object, metadata }, at: this.#now() })
    const owned = this.#owned.get(ownerKeyOf(object))
    if (owned) owned.add(key)
    else this.#owned.set(ownerKeyOf(object), new Set([key]))
  }

  /** Tells of an object that is no more; one that has its name by now is another. */
  gone(object: KubeObject): void {
    if (this.#entries.get(keyOf(object))?.object.metadata.uid === object.metadata.uid) this.#forget(keyOf(object))
  }

  /**
   * When what was written of a server is no longer believed, in milliseconds from now; null where all of it has been seen.
   * An object that was made and deleted while the watch was broken is never told of.
   */
  doubtMs(namespace: string, instance: string): number | null {
    const times = [...this.#of(namespace, instance).keys()].map((key) => this.#entries.get(key)!.at)
    return times.length ? Math.min(...times) + longestMs + 1 - this.#now() : null
  }

  /** The object, or what was written of it after that. */
  newest(object: KubeObject): KubeObject {
    const written = this.#entries.get(keyOf(object))?.object
    return written && isNewer(written, object) ? written : object
  }

  /** `seen` with the newer ones in their place, and those that are not seen at all. */
  over(seen: readonly KubeObject[], namespace: string, instance: string): KubeObject[] {
    const rest = this.#of(namespace, instance)
    const merged = seen.map((object) => {
      const written = rest.get(keyOf(object))
      rest.delete(keyOf(object))
      if (written && isNewer(written, object)) return written
      this.#forget(keyOf(object))
      return object
    })
    return [...merged, ...rest.values()]
  }

  #of(namespace: string, instance: string): Map<string, KubeObject> {
    this.#forgetOld()
    const keys = [...(this.#owned.get(`${namespace}/${instance}`) ?? [])]
    return new Map(keys.map((key) => [key, this.#entries.get(key)!.object]))
  }

  #forgetOld(): void {
    for (const [key, { at }] of this.#entries) {
      if (this.#now() - at <= longestMs) return
      this.#forget(key)
    }
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    const owner = ownerKeyOf(entry.object)
    const owned = this.#owned.get(owner)
    owned?.delete(key)
    if (owned?.size === 0) this.#owned.delete(owner)
  }
}
