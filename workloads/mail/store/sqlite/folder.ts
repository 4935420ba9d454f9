/**
 * The store's folder: `mail.db` with its WAL, `blobs/` with large contents, `lock`. Readable by the owner alone: SQLite
 * gives WAL and shared memory the mode of the database file, so that file is made first.
 */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'

export type Folder = { dir: string; database: string; blobs: string; lock: string }

/**
 * The root of a mounted volume belongs to whoever made the volume, and a group lets this process in: its mode is not ours
 * to change. What lies in it is private all the same.
 */
const privateFolder = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (statSync(path).uid === process.getuid!()) chmodSync(path, 0o700)
}

/** Makes the folder's entries survive a power failure; what is in them is synced by whoever writes it. */
const syncFolder = (path: string): void => {
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

const privateFile = (path: string): void => {
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
}

/** Makes what is missing. */
export const prepareFolder = (dir: string): Folder => {
  const folder = { dir, database: join(dir, 'mail.db'), blobs: join(dir, 'blobs'), lock: join(dir, 'lock') }
  privateFolder(folder.dir)
  privateFolder(folder.blobs)
  privateFile(folder.lock)
  privateFile(folder.database)
  syncFolder(folder.dir)
  return folder
}
