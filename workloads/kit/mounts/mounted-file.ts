/**
 * One value read from one or more mounted files, kept current. A version that cannot be used is reported in `/state`
 * and the one before stays in force.
 */
import { createHash } from 'node:crypto'
import type { LoadedFile } from '../../contract/state.ts'

export type Contents = readonly (Buffer | null)[]

/** Turns the files' bytes into the value; throws with words that hold no content of the file. */
export type Parse<T> = (contents: Contents) => { value: T; generation?: number }

const digest = (contents: Contents): string => {
  const hash = createHash('sha256')
  for (const bytes of contents) hash.update(bytes ?? '')
  return hash.digest('hex').slice(0, 16)
}

export class MountedFile<T> {
  readonly names: readonly string[]
  #parse: Parse<T>
  #value: T
  #loaded: LoadedFile
  #seen: string
  #listeners = new Set<(value: T) => void>()

  /** @throws what `parse` throws: the first version must be usable. */
  constructor(names: readonly string[], parse: Parse<T>, contents: Contents) {
    this.names = names
    this.#parse = parse
    const { value, generation } = parse(contents)
    this.#seen = digest(contents)
    this.#value = value
    this.#loaded = { digest: this.#seen, ...(generation === undefined ? {} : { generation }) }
  }

  get value(): T {
    return this.#value
  }

  get loaded(): LoadedFile {
    return this.#loaded
  }

  /** Calls `listener` with each later version; the returned function ends that. */
  onChange(listener: (value: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes newly read contents; does nothing when they are the same. */
  offer(contents: Contents): 'same' | 'changed' | 'refused' {
    const seen = digest(contents)
    if (seen === this.#seen) return 'same'
    this.#seen = seen
    try {
      const { value, generation } = this.#parse(contents)
      this.#value = value
      this.#loaded = { digest: seen, ...(generation === undefined ? {} : { generation }) }
    } catch (error) {
      this.#loaded = { ...this.#loaded, error: (error as Error).message }
      return 'refused'
    }
    for (const listener of this.#listeners) listener(this.#value)
    return 'changed'
  }
}
