/**
 * The store's folder: `mail.db` with its WAL, `blobs/` with large contents, `lock`. Readable by the owner alone: SQLite
 * gives WAL and shared memory the mode of the database file, so that file is made first.
 */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'

export type Folder = { dir: string; database: string; blobs: string; lock: string }

const privateFolder = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
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
  return folder
}
