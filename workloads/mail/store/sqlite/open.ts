/** Opens a mail store kept in one folder: a SQLite database and, for large contents, files beside it. */
import type { DatabaseSync } from 'node:sqlite'
import type { MailStore } from '../store.ts'
import { Blobs } from './blobs.ts'
import { openReader } from './connection.ts'
import { type Folder, prepareFolder } from './folder.ts'
import { lockFolder } from './lock.ts'
import { roomOn } from './room.ts'
import { SqliteStore } from './sqlite-store.ts'
import { Watchers } from './watchers.ts'
import { Writer } from './writer/writer.ts'

export type SqliteStoreOptions = {
  dir: string
  /** Octets per account. */
  quota: number
  /** Messages per account; 100,000 unless given. */
  maxMessages?: number
  /** Octets of the disk to keep free of new mail, so that deleting goes on working; 64 MiB unless given. */
  reserve?: number
  /** Unix milliseconds. */
  now?: () => number
  /** The writer has ended by itself and the store is of no use any more; thrown as uncaught unless given. */
  onFailure?: (error: Error) => void
}

const defaultMaxMessages = 100_000
const defaultReserve = 64 * 1024 * 1024

const throwUncaught = (error: Error): void => {
  setImmediate(() => {
    throw error
  })
}

const openReading = async (folder: Folder, writer: Writer): Promise<DatabaseSync> => {
  try {
    return openReader(folder.database)
  } catch (error) {
    await writer.close(() => {})
    throw error
  }
}

const open = async (folder: Folder, options: SqliteStoreOptions, unlock: () => void): Promise<MailStore> => {
  const watchers = new Watchers()
  const limits = { quota: options.quota, messages: options.maxMessages ?? defaultMaxMessages }
  const reserve = options.reserve ?? defaultReserve
  const writer = await Writer.start(
    { database: folder.database, blobs: folder.blobs, limits, reserve },
    {
      onChange: (change, origin) => watchers.announce({ ...change, origin }),
      onFailure: options.onFailure ?? throwUncaught,
    },
  )
  const reader = await openReading(folder, writer)
  return new SqliteStore({
    writer,
    watchers,
    reader,
    blobs: new Blobs(
      folder.blobs,
      roomOn(folder.blobs, reserve, () => performance.now()),
    ),
    quota: options.quota,
    now: options.now ?? Date.now,
    unlock,
  })
}

/** @throws StoreLocked, StoreTooNew */
export const createSqliteStore = async (options: SqliteStoreOptions): Promise<MailStore> => {
  const folder = prepareFolder(options.dir)
  const unlock = lockFolder(folder)
  try {
    return await open(folder, options, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}
