/** A mail store in a folder of its own, for tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteStore, type SqliteStoreOptions } from '../../workloads/mail/store/sqlite/open.ts'
import type { MailStore } from '../../workloads/mail/store/store.ts'

export type TestStore = {
  store: MailStore
  dir: string
  /** Closes the store and opens it again on the same folder. */
  reopen: () => Promise<MailStore>
  close: () => Promise<void>
}

/** Octets per account unless a test wants another quota. */
const quota = 100_000_000

/** `close` closes it and removes the folder. */
export const testStore = async (options: Partial<SqliteStoreOptions> = {}): Promise<TestStore> => {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'chatmail-store-')))
  const open = () => createSqliteStore({ quota, ...options, dir })
  const test: TestStore = {
    store: await open(),
    dir,
    reopen: async () => {
      await test.store.close()
      test.store = await open()
      return test.store
    },
    close: async () => {
      await test.store.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
  return test
}
