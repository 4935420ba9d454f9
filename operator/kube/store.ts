/** Objects of one kind by namespace and name, with those labels indexed that are asked for often. */
import type { KubeObject, ObjectRef } from './objects.ts'

export type ListFilter = { namespace?: string; labels?: Record<string, string> }

const keyOf = ({ namespace = '', name }: ObjectRef): string => `${namespace}/${name}`

const matches = (object: KubeObject, { namespace, labels = {} }: ListFilter): boolean =>
  (namespace === undefined || object.metadata.namespace === namespace) &&
  Object.entries(labels).every(([name, value]) => object.metadata.labels?.[name] === value)

/** A label's values, each with the keys of the objects that carry it, and the other way round. */
class LabelIndex {
  readonly label: string
  readonly #keys = new Map<string, Set<string>>()
  readonly #values = new Map<string, string>()

  constructor(label: string) {
    this.label = label
  }

  add(key: string, object: KubeObject): void {
    const value = object.metadata.labels?.[this.label]
    if (value === undefined) return
    this.#values.set(key, value)
    const keys = this.#keys.get(value)
    if (keys) keys.add(key)
    else this.#keys.set(value, new Set([key]))
  }

  remove(key: string): void {
    const value = this.#values.get(key)
    if (value === undefined) return
    this.#values.delete(key)
    const keys = this.#keys.get(value)
    keys?.delete(key)
    if (keys?.size === 0) this.#keys.delete(value)
  }

  get(value: string): Iterable<string> {
    return this.#keys.get(value) ?? []
  }
}

/**
 * How objects are kept. As text one takes half the memory that it takes as an object, and the collector of garbage does
 * not walk through it; each read makes it anew, in some microseconds.
 */
export type Form = 'object' | 'text'

export class ObjectStore<T extends KubeObject> {
  readonly #objects = new Map<string, T | string>()
  readonly #indexes: LabelIndex[]
  readonly #form: Form

  constructor(indexedLabels: readonly string[] = [], form: Form = 'object') {
    this.#indexes = indexedLabels.map((label) => new LabelIndex(label))
    this.#form = form
  }

  get(ref: ObjectRef): T | undefined {
    return this.#at(keyOf(ref))
  }

  set(object: T): void {
    this.delete(object.metadata)
    const key = keyOf(object.metadata)
    this.#objects.set(key, this.#form === 'text' ? JSON.stringify(object) : object)
    for (const index of this.#indexes) index.add(key, object)
  }

  delete(ref: ObjectRef): void {
    const key = keyOf(ref)
    this.#objects.delete(key)
    for (const index of this.#indexes) index.remove(key)
  }

  values(): T[] {
    return [...this.#objects.keys()].map((key) => this.#at(key)!)
  }

  list(filter: ListFilter = {}): T[] {
    return this.#candidates(filter).filter((object) => matches(object, filter))
  }

  #at(key: string): T | undefined {
    const kept = this.#objects.get(key)
    return typeof kept === 'string' ? JSON.parse(kept) : kept
  }

  #candidates({ labels = {} }: ListFilter): T[] {
    const index = this.#indexes.find(({ label }) => label in labels)
    if (!index) return this.values()
    return [...index.get(labels[index.label]!)].map((key) => this.#at(key)!)
  }
}
