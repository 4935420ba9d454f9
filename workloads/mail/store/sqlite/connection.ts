/** Connections to the database: one that writes, in the writer's thread, and one that reads, in the main thread. */
import { DatabaseSync } from 'node:sqlite'

/** How long a statement waits for a lock of another process, such as a backup tool. */
export const busyTimeoutMs = 5000

/** KiB of page cache per connection. */
const cacheKiB = 4096

/**
 * WAL, so that readers never wait; synchronous FULL, so that a commit is on disk; secure_delete, so that what is deleted
 * is overwritten. Checkpoints are ours to time (`writer/checkpoints.ts`).
 */
export const openWriter = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs })
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -${cacheKiB}; PRAGMA temp_store = MEMORY`)
  return db
}

/** The database must have been opened by the writer before. */
export const openReader = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
  db.exec(`PRAGMA cache_size = -${cacheKiB}; PRAGMA temp_store = MEMORY`)
  return db
}
