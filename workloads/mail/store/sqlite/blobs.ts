/**
 * Large contents, one file each under a random name. A file is on disk, with its folder's entry, before a row refers to
 * it; one without a row is left from a crash and removed at the next start.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Room } from './room.ts'

const name = /^[0-9a-f]{32}$/

const missing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

const readExactly = async (handle: FileHandle, length: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafeSlow(length)
  let offset = 0
  while (offset < length) {
    const { bytesRead } = await handle.read(buffer, offset, length - offset, offset)
    if (bytesRead === 0) throw new Error('a blob file is shorter than its row says')
    offset += bytesRead
  }
  return buffer
}

const withFile = async <T>(path: string, flags: string, work: (handle: FileHandle) => Promise<T>): Promise<T> => {
  const handle = await open(path, flags, 0o600)
  try {
    return await work(handle)
  } finally {
    await handle.close()
  }
}

const removeIfPossible = (path: string): void => {
  try {
    rmSync(path, { force: true })
  } catch {
    // An orphan from now on: the next start tries again.
  }
}

/** Removes the files of contents that are no more. */
export const removeBlobs = (dir: string, names: readonly string[]): void => {
  for (const file of names) removeIfPossible(join(dir, file))
}

/** Removes what `isKnown` does not know. Other names than ours are left alone. */
export const removeOrphans = (dir: string, isKnown: (file: string) => boolean): void =>
  removeBlobs(
    dir,
    readdirSync(dir).filter((file) => name.test(file) && !isKnown(file)),
  )

export class Blobs {
  #dir: string
  #room: Room

  constructor(dir: string, room: Room) {
    this.#dir = dir
    this.#room = room
  }

  /** Writes a new file durably and returns its name. @throws StoreFull */
  async write(content: Buffer): Promise<string> {
    this.#room(content.length)
    const file = randomBytes(16).toString('hex')
    try {
      await this.#writeSynced(join(this.#dir, file), content)
    } catch (error) {
      await this.remove(file)
      throw error
    }
    return file
  }

  /** The first `length` octets, or null when the file went with its message. */
  async read(file: string, length: number): Promise<Buffer | null> {
    try {
      return await withFile(join(this.#dir, file), 'r', (handle) => readExactly(handle, length))
    } catch (error) {
      if (missing(error)) return null
      throw error
    }
  }

  remove(file: string): Promise<void> {
    return rm(join(this.#dir, file), { force: true })
  }

  async #writeSynced(path: string, content: Buffer): Promise<void> {
    await withFile(path, 'wx', async (handle) => {
      await handle.writeFile(content)
      await handle.sync()
    })
    await withFile(this.#dir, 'r', (folder) => folder.sync())
  }
}
