/** Delivery to many, large contents, group commit. */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MailStore, MessageContent } from '../../../workloads/mail/store/store.ts'
import { testStore } from '../../support/store.ts'

const everything = [{ from: 1, to: Number.POSITIVE_INFINITY }]
const message = (content: Buffer | string) => ({ content: Buffer.from(content), flags: [], receivedAt: 1 })
const large = (fill: string, size = 200_000) => Buffer.from(`From: ${fill}\r\n\r\n${fill.repeat(size)}`)

const create = async (store: MailStore, address: string) => {
  const { account } = await store.accounts.create(address, 'v', 1)
  return { id: account.id, inbox: (await store.mailboxes.find(account.id, 'INBOX'))! }
}

const read = async (store: MailStore, mailboxId: number, want: 'summary' | 'header' | 'content') => {
  const found: MessageContent[] = []
  for await (const one of store.messages.read(mailboxId, everything, want)) found.push(one)
  return found
}

test('one delivery reaches each account once and keeps its content once', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const [a, b] = [await create(test.store, 'a@x'), await create(test.store, 'b@x')]
  const content = large('z')
  const delivered = await test.store.messages.deliver(message(content), [a.id, 999, b.id, a.id])
  assert.deepEqual(
    delivered.map(({ accountId, outcome }) => [accountId, outcome]),
    [
      [a.id, 'delivered'],
      [999, 'no-account'],
      [b.id, 'delivered'],
      [a.id, 'delivered'],
    ],
  )
  assert.equal((await readdir(join(test.dir, 'blobs'))).length, 1)
  for (const { inbox } of [a, b])
    assert.deepEqual(
      (await read(test.store, inbox.id, 'content')).map((one) => one.content!.equals(content)),
      [true],
    )
})

test('the file of a large content goes with its last message', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { messages } = test.store
  const [a, b] = [await create(test.store, 'a@x'), await create(test.store, 'b@x')]
  await messages.deliver(message(large('z')), [a.id, b.id])
  const expunge = async (mailboxId: number) => {
    await messages.setFlags(mailboxId, [1], { operation: 'add', flags: ['\\Deleted'] }, { origin: null })
    await messages.expunge(mailboxId, null, null)
    return readdir(join(test.dir, 'blobs'))
  }
  assert.equal((await expunge(a.inbox.id)).length, 1)
  assert.equal((await expunge(b.inbox.id)).length, 0)
})

test('a large message whose delivery or APPEND is refused leaves no file', async (t) => {
  const test = await testStore({ quota: 1000 })
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  const [delivered] = await test.store.messages.deliver(message(large('z')), [id])
  assert.equal(delivered!.outcome, 'over-quota')
  await assert.rejects(test.store.messages.append(inbox.id, message(large('z')), null), { name: 'QuotaExceeded' })
  await assert.rejects(test.store.messages.append(999, message(large('z')), null), { name: 'MailboxMissing' })
  assert.deepEqual(await readdir(join(test.dir, 'blobs')), [])
})

test('an account holds a bounded number of messages, however small', async (t) => {
  const test = await testStore({ maxMessages: 3 })
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  const outcomes = []
  for (let index = 0; index < 4; index++)
    outcomes.push((await test.store.messages.deliver(message(''), [id]))[0]!.outcome)
  assert.deepEqual(outcomes, ['delivered', 'delivered', 'delivered', 'over-quota'])
  await assert.rejects(test.store.messages.copy(inbox.id, [1], inbox.id, null), { name: 'QuotaExceeded' })
})

test('headers come without content, also of a large message and of one that is all header', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  const hugeHeader = `${'X: y\r\n'.repeat(20_000)}\r\n`
  const contents = ['S: small\r\n\r\nbody', `S: large\r\n\r\n${'b'.repeat(100_000)}`, `${hugeHeader}body`]
  for (const content of contents) await test.store.messages.deliver(message(content), [id])
  const headers = await read(test.store, inbox.id, 'header')
  assert.deepEqual(
    headers.map(({ header, content }) => [header!.toString(), content]),
    [
      ['S: small\r\n\r\n', null],
      ['S: large\r\n\r\n', null],
      [hugeHeader, null],
    ],
  )
  const whole = await read(test.store, inbox.id, 'content')
  assert.deepEqual(
    whole.map(({ content }) => content!.toString()),
    contents,
  )
})

test('a message of 30 MB comes back as it was', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  const content = Buffer.concat([Buffer.from('S: x\r\n\r\n'), Buffer.alloc(30_000_000, 'abcdefg')])
  await test.store.messages.deliver(message(content), [id])
  const [found] = await read(await test.reopen(), inbox.id, 'content')
  assert.ok(found!.content!.equals(content))
})

test('a file without a row is gone after the next start; files of others are left alone', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  await test.store.messages.deliver(message(large('z')), [id])
  const orphan = join(test.dir, 'blobs', '0123456789abcdef0123456789abcdef')
  await writeFile(orphan, 'left from a crash')
  await writeFile(join(test.dir, 'blobs', 'notes.txt'), 'of somebody')
  const store = await test.reopen()
  await assert.rejects(readFile(orphan), { code: 'ENOENT' })
  assert.equal((await readdir(join(test.dir, 'blobs'))).length, 2)
  assert.equal((await read(store, inbox.id, 'content')).length, 1)
})

test('many senders at once: every message is there once, uids ascend without a gap', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  const sender = async (_: unknown, name: number) => {
    for (let index = 0; index < 25; index++)
      await test.store.messages.deliver(message(`S: ${name}-${index}\r\n\r\n`), [id])
  }
  await Promise.all(Array.from({ length: 16 }, sender))
  const found = await read(test.store, inbox.id, 'content')
  assert.deepEqual(
    found.map(({ uid }) => uid),
    Array.from({ length: 400 }, (_, index) => index + 1),
  )
  assert.equal(new Set(found.map(({ content }) => content!.toString())).size, 400)
})

test('a message that is expunged while others are being read is left out', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { messages } = test.store
  const { id, inbox } = await create(test.store, 'a@x')
  for (const name of ['a', 'b', 'c']) await messages.deliver(message(large(name)), [id])
  const found: number[] = []
  for await (const { uid } of messages.read(inbox.id, everything, 'content')) {
    found.push(uid)
    if (uid !== 1) continue
    await messages.setFlags(inbox.id, [2], { operation: 'add', flags: ['\\Deleted'] }, { origin: null })
    await messages.expunge(inbox.id, null, null)
  }
  assert.deepEqual(found, [1, 3])
})

test('a change is announced with its origin when it can be read, and before the write resolves', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  const session = { name: 'this one' }
  const announced: unknown[] = []
  const end = test.store.watch(inbox.id, (change) => {
    announced.push([change.kind, change.origin])
    if (change.kind === 'added')
      test.store.messages.summaries(inbox.id).then((all) => announced.push(all.some(({ uid }) => uid === 1)))
  })
  await test.store.messages.append(inbox.id, message('S: x\r\n\r\n'), session)
  await test.store.messages.deliver(message('S: y\r\n\r\n'), [id])
  end()
  await test.store.messages.deliver(message('S: z\r\n\r\n'), [id])
  assert.deepEqual(announced, [['added', session], true, ['added', null], true])
})
