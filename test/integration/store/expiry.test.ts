/** Retention: what is too old goes, in slices, and nothing else does. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MailStore, RetentionPolicy } from '../../../workloads/mail/store/store.ts'
import { eventually } from '../../support/eventually.ts'
import { testStore } from '../../support/store.ts'

const nothing: RetentionPolicy = {
  messagesBefore: 0,
  largeMessagesBefore: 0,
  largeMessageSize: 1,
  accountsBefore: 0,
}

const create = async (store: MailStore, address: string, day = 1) => {
  const { account } = await store.accounts.create(address, 'v', day)
  return { id: account.id, inbox: (await store.mailboxes.find(account.id, 'INBOX'))!.id }
}
const deliver = (store: MailStore, id: number, receivedAt: number, size = 10) =>
  store.messages.deliver({ content: Buffer.alloc(size, 'x'), flags: [], receivedAt }, [id])
const uids = async (store: MailStore, mailboxId: number) =>
  (await store.messages.summaries(mailboxId)).map(({ uid }) => uid)

test('messages go by their arrival', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  for (const receivedAt of [100, 300, 199, 200]) await deliver(test.store, id, receivedAt)
  const removed: number[] = []
  test.store.watch(inbox, (change) => change.kind === 'removed' && removed.push(...change.uids))
  const outcome = await test.store.expire({ ...nothing, messagesBefore: 200 })
  assert.deepEqual(outcome, { messages: 2, accounts: 0, more: false })
  assert.deepEqual(removed, [1, 3])
  assert.deepEqual(await uids(test.store, inbox), [2, 4])
})

for (const largeMessageSize of [50, 100_000])
  test(`messages from ${largeMessageSize} octets go earlier`, async (t) => {
    const test = await testStore()
    t.after(() => test.close())
    const { id, inbox } = await create(test.store, 'a@x')
    for (const size of [10, largeMessageSize - 1, largeMessageSize, largeMessageSize + 1])
      await deliver(test.store, id, 100, size)
    await deliver(test.store, id, 200, largeMessageSize)
    await test.store.expire({ ...nothing, largeMessagesBefore: 200, largeMessageSize })
    assert.deepEqual(await uids(test.store, inbox), [1, 2, 5])
  })

test('accounts go by their last login, with all they held', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const old = await create(test.store, 'old@x', 10)
  const back = await create(test.store, 'back@x', 10)
  const fresh = await create(test.store, 'new@x', 20)
  for (const { id } of [old, back, fresh]) await deliver(test.store, id, 100, 100_000)
  await test.store.accounts.touch(back.id, 20)
  await test.reopen()
  const outcome = await test.store.expire({ ...nothing, accountsBefore: 20 })
  assert.deepEqual(outcome, { messages: 0, accounts: 1, more: false })
  assert.equal(await test.store.accounts.find('old@x'), null)
  assert.deepEqual(await test.store.counts(), { accounts: 2, messages: 2 })
  await eventually(async () => assert.equal((await readdir(join(test.dir, 'blobs'))).length, 2))
})

test('a last login is kept by day and never goes back', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id } = await create(test.store, 'a@x', 10)
  await test.store.accounts.touch(id, 12)
  await test.store.accounts.touch(id, 11)
  await test.reopen()
  await test.store.accounts.touch(id, 10)
  const store = await test.reopen()
  assert.equal((await store.accounts.find('a@x'))!.lastLoginDay, 12)
})

test('much work is done in bounded calls', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id, inbox } = await create(test.store, 'a@x')
  await Promise.all(Array.from({ length: 450 }, () => deliver(test.store, id, 1)))
  const calls = []
  do calls.push(await test.store.expire({ ...nothing, messagesBefore: 2 }))
  while (calls.at(-1)!.more)
  assert.equal(
    calls.reduce((sum, { messages }) => sum + messages, 0),
    450,
  )
  assert.ok(calls.every(({ messages }) => messages <= 100))
  assert.deepEqual(await uids(test.store, inbox), [])
})

test('what belonged to a removed account is purged even if the process ended before', async (t) => {
  const test = await testStore()
  t.after(() => test.close())
  const { id } = await create(test.store, 'a@x')
  await Promise.all(Array.from({ length: 300 }, () => deliver(test.store, id, 1, 70_000)))
  await test.store.accounts.remove(id)
  await test.reopen()
  await eventually(async () => assert.equal((await readdir(join(test.dir, 'blobs'))).length, 0))
})
