/**
 * One value read from one or more mounted files, kept current. A version that cannot be used is reported in `/state`
 * and the one before stays in force.
 */
import { digestOf, type LoadedFile } from '../../contract/state.ts'

export type Contents = readonly (Buffer | null)[]

/** Turns the files' bytes into the value; throws with words that hold no content of the file. */
export type Parse<T> = (contents: Contents) => { value: T; generation?: number }

const digestsOf = (contents: Contents): string[] => contents.map((bytes) => digestOf(bytes ?? ''))

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.every((digest, index) => digest === b[index])

export class MountedFile<T> {
  readonly names: readonly string[]
  #parse: Parse<T>
  #value: T
  #generation: number | undefined
  /** Digests of the version in force, and of the last one that was looked at. */
  #inForce: string[]
  #seen: string[]
  #error: string | undefined
  #listeners = new Set<(value: T) => void>()

  /** @throws what `parse` throws: the first version must be usable. */
  constructor(names: readonly string[], parse: Parse<T>, contents: Contents) {
    this.names = names
    this.#parse = parse
    const { value, generation } = parse(contents)
    this.#seen = digestsOf(contents)
    this.#inForce = this.#seen
    this.#value = value
    this.#generation = generation
  }

  get value(): T {
    return this.#value
  }

  /** For `/state`: file name → what of it is in force. */
  get loaded(): Record<string, LoadedFile> {
    const about = {
      ...(this.#generation === undefined ? {} : { generation: this.#generation }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    }
    return Object.fromEntries(this.names.map((name, index) => [name, { digest: this.#inForce[index]!, ...about }]))
  }

  /** Why the last change could not be used. */
  get error(): string | undefined {
    return this.#error
  }

  /** Calls `listener` with each later version; the returned function ends that. */
  onChange(listener: (value: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes newly read contents; does nothing when they are the same. */
  offer(contents: Contents): 'same' | 'changed' | 'refused' {
    const seen = digestsOf(contents)
    if (isSame(seen, this.#seen)) return 'same'
    this.#seen = seen
    try {
      const { value, generation } = this.#parse(contents)
      this.#value = value
      this.#generation = generation
      this.#inForce = seen
      this.#error = undefined
    } catch (error) {
      this.#error = (error as Error).message
      return 'refused'
    }
    for (const listener of this.#listeners) listener(this.#value)
    return 'changed'
  }
}
