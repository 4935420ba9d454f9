/**
 * One process per folder. The lock is SQLite's own exclusive lock on a file of its own: the kernel drops it with the
 * process, so a killed server leaves nothing to clean up, and it also holds inside one process.
 */
import { DatabaseSync } from 'node:sqlite'
import { StoreLocked } from './errors.ts'
import type { Folder } from './folder.ts'

/** SQLITE_BUSY */
const busy = 5

/** Takes the lock; the returned function gives it back. @throws StoreLocked */
export const lockFolder = (folder: Folder): (() => void) => {
  const database = new DatabaseSync(folder.lock, { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw (error as { errcode?: number }).errcode === busy ? new StoreLocked(folder.dir) : error
  }
  return () => database.close()
}
