/** The store's folder: who may open it, who may read it, what is left in it of what was deleted. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { Blobs } from '../../../workloads/mail/store/sqlite/blobs.ts'
import { openReader } from '../../../workloads/mail/store/sqlite/connection.ts'
import { StoreLocked, StoreStopped, StoreTooNew } from '../../../workloads/mail/store/sqlite/errors.ts'
import { createSqliteStore } from '../../../workloads/mail/store/sqlite/open.ts'
import { SqliteStore } from '../../../workloads/mail/store/sqlite/sqlite-store.ts'
import { Watchers } from '../../../workloads/mail/store/sqlite/watchers.ts'
import type { Writer } from '../../../workloads/mail/store/sqlite/writer/writer.ts'
import { StoreFull } from '../../../workloads/mail/store/store.ts'
import { eventually } from '../../support/eventually.ts'
import { testStore } from '../../support/store.ts'

const allFiles = async (dir: string): Promise<string[]> =>
  (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

const holding = async (dir: string, text: string): Promise<string[]> => {
  const found = []
  for (const file of await allFiles(dir)) if ((await readFile(file)).includes(text)) found.push(file)
  return found
}

test('a folder that is open cannot be opened again', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  await assert.rejects(createSqliteStore({ dir: test.dir, quota: 1 }), new StoreLocked(test.dir))
  await test.reopen()
})

test('a store of a later version is refused with both versions, and left unlocked', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chatmail-store-'))
  await (await createSqliteStore({ dir, quota: 1 })).close()
  const db = new DatabaseSync(join(dir, 'mail.db'))
  db.exec('PRAGMA user_version = 99')
  await assert.rejects(createSqliteStore({ dir, quota: 1 }), (error) => {
    assert.ok(error instanceof StoreTooNew)
    assert.match(error.message, /format 99.*up to 1/)
    return true
  })
  db.exec('PRAGMA user_version = 1')
  db.close()
  await (await createSqliteStore({ dir, quota: 1 })).close()
  await rm(dir, { recursive: true })
})

test('what is no database is an error', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  await test.store.close()
  await writeFile(join(test.dir, 'mail.db'), 'this is no database'.repeat(100))
  await assert.rejects(createSqliteStore({ dir: test.dir, quota: 1 }), /not a database/)
})

test('a large message that is refused after its file was written leaves no file', async (t) => {
  const test = await testStore()
  await test.store.close()
  const reader = openReader(join(test.dir, 'mail.db'))
  t.after(async () => {
    reader.close()
    await rm(test.dir, { recursive: true })
  })
  const run = async (): Promise<never> => {
    throw new StoreFull('the disk is full')
  }
  const store = new SqliteStore({
    writer: { run } as unknown as Writer,
    watchers: new Watchers(),
    reader,
    blobs: new Blobs(join(test.dir, 'blobs'), () => {}),
    quota: 1_000_000,
    now: Date.now,
    unlock: () => {},
  })
  const large = { content: Buffer.alloc(200_000, 'x'), flags: [], receivedAt: 0 }
  await assert.rejects(store.messages.append(1, large, null), StoreFull)
  await assert.rejects(store.messages.deliver(large, [1]), StoreFull)
  assert.deepEqual(await readdir(join(test.dir, 'blobs')), [])
})

test('only the owner can read the folder and what is in it', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { account } = await test.store.accounts.create('a@x', 'v', 1)
  await test.store.messages.deliver({ content: Buffer.alloc(100_000), flags: [], receivedAt: 1 }, [account.id])
  const files = await allFiles(test.dir)
  assert.ok(files.some((file) => file.endsWith('-wal')) && files.some((file) => file.includes('/blobs/')))
  for (const file of files) assert.equal((await stat(file)).mode & 0o777, 0o600, file)
  for (const dir of [test.dir, join(test.dir, 'blobs')]) assert.equal((await stat(dir)).mode & 0o777, 0o700)
})

test('what is deleted is nowhere in the folder, soon and without a restart', async (t) => {
  const { store, dir, close } = await testStore()
  t.after(() => close())
  const { account } = await store.accounts.create('a@x', 'v', 1)
  const inbox = (await store.mailboxes.find(account.id, 'INBOX'))!.id
  const secret = 'what-nobody-may-find-afterwards'
  for (const size of [10, 3000, 60_000, 200_000]) {
    const content = Buffer.from(`S: x\r\n\r\n${'y'.repeat(size)}${secret}`)
    await store.messages.deliver({ content, flags: [], receivedAt: 1 }, [account.id])
  }
  const other = await store.accounts.create('someone-special@x', 'a-verifier-to-look-for', 1)
  await store.deviceTokens.add(other.account.id, 'a-token-to-look-for', 1)
  const traces = [secret, 'someone-special', 'a-verifier-to-look-for', 'a-token-to-look-for']
  for (const text of traces) assert.notDeepEqual(await holding(dir, text), [], text)

  await store.messages.setFlags(inbox, [1, 2, 3, 4], { operation: 'add', flags: ['\\Deleted'] }, { origin: null })
  await store.messages.expunge(inbox, null, null)
  await store.accounts.remove(other.account.id)
  for (const text of traces) await eventually(async () => assert.deepEqual(await holding(dir, text), [], text))
})

test('the WAL stays bounded under load', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { account } = await test.store.accounts.create('a@x', 'v', 1)
  const content = Buffer.alloc(50_000, 'x')
  const sender = async () => {
    for (let index = 0; index < 100; index++)
      await test.store.messages.deliver({ content, flags: [], receivedAt: 1 }, [account.id])
  }
  await Promise.all(Array.from({ length: 16 }, sender))
  assert.ok((await stat(join(test.dir, 'mail.db'))).size > 70_000_000)
  assert.ok((await stat(join(test.dir, 'mail.db-wal'))).size < 40_000_000)
})

test('before the disk is full, new mail and accounts are refused and deleting goes on', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { account } = await test.store.accounts.create('a@x', 'v', 1)
  const inbox = (await test.store.mailboxes.find(account.id, 'INBOX'))!.id
  const message = (size: number) => ({ content: Buffer.alloc(size, 'x'), flags: ['\\Deleted'], receivedAt: 1 })
  await test.store.messages.append(inbox, message(10), null)
  await test.store.close()
  const full = await createSqliteStore({ dir: test.dir, quota: 1e9, reserve: 1e18 })
  for (const size of [10, 100_000]) {
    await assert.rejects(full.messages.deliver(message(size), [account.id]), StoreFull)
    await assert.rejects(full.messages.append(inbox, message(size), null), StoreFull)
  }
  await assert.rejects(full.accounts.create('b@x', 'v', 1), StoreFull)
  assert.equal((await full.accounts.create('a@x', 'v', 1)).created, false)
  assert.deepEqual(await readdir(join(test.dir, 'blobs')), [])
  assert.deepEqual(await full.messages.expunge(inbox, null, null), [1])
  await full.close()
})

test('an empty message is a message', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { account } = await test.store.accounts.create('a@x', 'v', 1)
  await test.store.messages.deliver({ content: Buffer.alloc(0), flags: [], receivedAt: 1 }, [account.id])
  const inbox = (await test.store.mailboxes.find(account.id, 'INBOX'))!.id
  for await (const { header, content } of test.store.messages.read(inbox, [{ from: 1, to: 1 }], 'content'))
    assert.deepEqual([header!.length, content!.length], [0, 0])
  assert.equal((await test.store.messages.summaries(inbox)).length, 1)
})

test('closing finishes what was asked for; afterwards every write is refused', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const writes = Array.from({ length: 20 }, (_, index) => test.store.accounts.create(`a${index}@x`, 'v', 1))
  await test.store.close()
  assert.equal(
    (await Promise.all(writes)).every(({ created }) => created),
    true,
  )
  await assert.rejects(test.store.accounts.create('late@x', 'v', 1), StoreStopped)
  assert.equal((await (await test.reopen()).counts()).accounts, 20)
})

test('when the writer ends by itself, whoever waits is told, and the folder can be opened again', async (t) => {
  const failures: Error[] = []
  const workers: Worker[] = []
  const note = (worker: Worker) => workers.push(worker)
  process.on('worker', note)
  t.after(() => process.off('worker', note))
  const test = await testStore({ onFailure: (error) => failures.push(error) })
  t.after(() => test.close())
  const { store } = test
  const ending = workers[0]!.terminate()
  await assert.rejects(store.accounts.create('a@x', 'v', 1), StoreStopped)
  await ending
  await assert.rejects(store.accounts.create('b@x', 'v', 1), StoreStopped)
  assert.equal(failures.length, 1)
  assert.ok((await (await test.reopen()).accounts.create('a@x', 'v', 1)).created)
})
