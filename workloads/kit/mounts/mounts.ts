/**
 * The folder of mounted files: read at start, watched afterwards. The kubelet (and the local runner) replaces all files
 * at once by renaming the `..data` link; a slow poll beside the watch catches what a file system does not announce.
 */
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { LoadedFile } from '../../contract/state.ts'
import type { Logger } from '../log/logger.ts'
import { type Contents, MountedFile, type Parse } from './mounted-file.ts'

const pollMs = 5000

const read = (path: string): Buffer | null => {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

export class Mounts {
  #dir: string
  #files: MountedFile<unknown>[] = []
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #log: Logger | undefined

  constructor(dir: string) {
    this.#dir = dir
  }

  /** Reads and parses files as one value; from `start` on it follows their changes. */
  file<T>(names: readonly string[], parse: Parse<T>): MountedFile<T> {
    const file = new MountedFile(names, parse, this.#contents(names))
    this.#files.push(file as MountedFile<unknown>)
    return file
  }

  start(log: Logger): void {
    this.#log = log
    this.#watcher = watch(this.#dir, () => this.#reload()).on('error', (error) => this.#failed(error))
    this.#timer = setInterval(() => this.#reload(), pollMs).unref()
  }

  stop(): void {
    this.#watcher?.close()
    clearInterval(this.#timer)
  }

  /** For `/state`: file name → what of it is in force. */
  loaded(): Record<string, LoadedFile> {
    return Object.assign({}, ...this.#files.map((file) => file.loaded))
  }

  #contents(names: readonly string[]): Contents {
    return names.map((name) => read(join(this.#dir, name)))
  }

  #reload(): void {
    try {
      for (const file of this.#files) this.#offer(file)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** What is in force stays; the next look may do better. */
  #failed(error: unknown): void {
    this.#log?.error({ code: (error as NodeJS.ErrnoException).code }, 'mounted files could not be read')
  }

  #offer(file: MountedFile<unknown>): void {
    const outcome = file.offer(this.#contents(file.names))
    if (outcome === 'changed') this.#log?.info({ files: file.names }, 'mounted file reloaded')
    if (outcome === 'refused')
      this.#log?.error(
        { files: file.names, reason: file.error },
        'mounted file refused, the version before stays in force',
      )
  }
}
