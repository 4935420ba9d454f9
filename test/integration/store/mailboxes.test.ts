/** Mailboxes of an account, and what is left of one that is gone. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Change, MailboxExists, MailboxMissing, QuotaExceeded } from '../../../workloads/mail/store/store.ts'
import { type TestStore, testStore } from '../../support/store.ts'

let live: TestStore
let clock = 1_700_000_000_000
let accounts = 0
before(async () => {
  live = await testStore({ now: () => clock })
})
after(() => live.close())

const newAccount = async () => {
  const { account } = await live.store.accounts.create(`m${accounts++}@x`, 'v', 1)
  return { ...account, inbox: (await live.store.mailboxes.find(account.id, 'INBOX'))! }
}
const names = async (accountId: number) => (await live.store.mailboxes.list(accountId)).map(({ name }) => name)
const message = (content: string) => ({ content: Buffer.from(content), flags: [], receivedAt: 1 })
const changesOf = (mailboxId: number): Change[] => {
  const changes: Change[] = []
  live.store.watch(mailboxId, (change) => changes.push(change))
  return changes
}

test('a mailbox is made once, with its attributes', async () => {
  const { mailboxes } = live.store
  const { id } = await newAccount()
  const made = await mailboxes.create(id, 'Sent', '\\Sent')
  assert.deepEqual(await mailboxes.find(id, 'Sent'), made)
  assert.deepEqual([made.uidNext, made.subscribed, made.specialUse], [1, true, '\\Sent'])
  await assert.rejects(mailboxes.create(id, 'Sent', null), MailboxExists)
  await assert.rejects(mailboxes.create(9999, 'Sent', null), MailboxMissing)
  assert.equal(await mailboxes.find(id, 'sent'), null)
})

test('subscription is kept', async () => {
  const { mailboxes } = live.store
  const { id } = await newAccount()
  await mailboxes.subscribe(id, 'INBOX', false)
  assert.equal((await mailboxes.find(id, 'INBOX'))!.subscribed, false)
  await assert.rejects(mailboxes.subscribe(id, 'nothing', true), MailboxMissing)
})

test('a mailbox made again under its name has a greater UIDVALIDITY, even within one second', async () => {
  const { mailboxes } = live.store
  const { id, inbox } = await newAccount()
  const seen = [inbox.uidValidity]
  for (let index = 0; index < 3; index++) {
    seen.push((await mailboxes.create(id, 'again', null)).uidValidity)
    await mailboxes.remove(id, 'again')
  }
  assert.deepEqual(seen, [...new Set(seen)].sort())
})

test('renaming takes the levels below along and leaves likenesses alone', async () => {
  const { mailboxes } = live.store
  const { id } = await newAccount()
  for (const name of ['a', 'a/b', 'a/b/c', 'ab', 'a_b', 'x']) await mailboxes.create(id, name, null)
  await mailboxes.rename(id, 'a', 'ä%')
  assert.deepEqual((await names(id)).sort(), ['INBOX', 'a_b', 'ab', 'x', 'ä%', 'ä%/b', 'ä%/b/c'].sort())
  await assert.rejects(mailboxes.rename(id, 'ab', 'x'), MailboxExists)
  await assert.rejects(mailboxes.rename(id, 'nothing', 'y'), MailboxMissing)
  await mailboxes.create(id, 'y/b', null)
  await assert.rejects(mailboxes.rename(id, 'ä%', 'y'), MailboxExists)
})

test('renaming INBOX moves its messages and leaves it empty', async () => {
  const { mailboxes, messages } = live.store
  const { id, inbox } = await newAccount()
  await messages.deliver(message('S: 1\r\n\r\n'), [id])
  await messages.deliver(message('S: 2\r\n\r\n'), [id])
  const changes = changesOf(inbox.id)
  await mailboxes.rename(id, 'INBOX', 'old')
  const old = (await mailboxes.find(id, 'old'))!
  assert.deepEqual(
    (await messages.summaries(old.id)).map(({ uid }) => uid),
    [1, 2],
  )
  assert.equal(old.uidNext, 3)
  assert.notEqual(old.uidValidity, inbox.uidValidity)
  assert.deepEqual(await messages.summaries(inbox.id), [])
  assert.deepEqual(
    changes.map((change) => change.kind === 'removed' && change.uids),
    [[1, 2]],
  )
  await messages.deliver(message('S: 3\r\n\r\n'), [id])
  assert.deepEqual(
    (await messages.summaries(inbox.id)).map(({ uid }) => uid),
    [3],
  )
})

test('a removed mailbox is gone for its sessions and frees the quota', async () => {
  const { mailboxes, messages } = live.store
  const { id } = await newAccount()
  const box = await mailboxes.create(id, 'box', null)
  await messages.append(box.id, message('S: 1\r\n\r\n'), null)
  const changes = changesOf(box.id)
  await mailboxes.remove(id, 'box')
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['gone'],
  )
  assert.equal((await live.store.usage(id)).used, 0)
  await assert.rejects(messages.append(box.id, message('S: 1\r\n\r\n'), null), MailboxMissing)
  await assert.rejects(mailboxes.remove(id, 'box'), MailboxMissing)
  await assert.rejects(mailboxes.remove(id, 'INBOX'), /INBOX/)
})

test('COPY and MOVE never reach into another account', async () => {
  const { messages } = live.store
  const [mine, others] = [await newAccount(), await newAccount()]
  await messages.deliver(message('S: 1\r\n\r\n'), [mine.id])
  await assert.rejects(messages.copy(mine.inbox.id, [1], others.inbox.id, null), MailboxMissing)
  await assert.rejects(messages.move(mine.inbox.id, [1], others.inbox.id, null), MailboxMissing)
  assert.deepEqual(await messages.summaries(others.inbox.id), [])
})

test('mailboxes, their names and keywords are bounded', async () => {
  const { mailboxes, messages } = live.store
  const { id, inbox } = await newAccount()
  await Promise.all(Array.from({ length: 999 }, (_, index) => mailboxes.create(id, `m${index}`, null)))
  await assert.rejects(mailboxes.create(id, 'one too many', null), QuotaExceeded)
  await messages.deliver(message('S: 1\r\n\r\n'), [id])
  await assert.rejects(mailboxes.create(id, 'n'.repeat(1001), null), QuotaExceeded)
  await assert.rejects(mailboxes.rename(id, 'm0', 'n'.repeat(1001)), QuotaExceeded)
  const flags = Array.from({ length: 200 }, (_, index) => `keyword${index}`)
  await assert.rejects(messages.setFlags(inbox.id, [1], { operation: 'add', flags }, { origin: null }), QuotaExceeded)
  await assert.rejects(messages.append(inbox.id, { ...message('S: 2\r\n\r\n'), flags }, null), QuotaExceeded)
  assert.equal((await messages.summaries(inbox.id)).length, 1)
})

test('an account that comes back continues the UIDVALIDITY and the uids of its INBOX', async () => {
  const { accounts, messages, mailboxes } = live.store
  const { id, address, inbox } = await newAccount()
  await messages.deliver(message('S: 1\r\n\r\n'), [id])
  await messages.deliver(message('S: 2\r\n\r\n'), [id])
  const before = (await mailboxes.find(id, 'INBOX'))!
  await accounts.remove(id)
  assert.equal(await accounts.find(address), null)
  clock += 3_600_000
  const { account } = await accounts.create(address, 'other', 5)
  const again = (await mailboxes.find(account.id, 'INBOX'))!
  assert.notEqual(account.id, id)
  assert.deepEqual([again.uidValidity, again.uidNext], [inbox.uidValidity, 3])
  assert.ok(again.highestModseq > before.highestModseq)
  assert.deepEqual(await messages.summaries(again.id), [])
  assert.ok((await mailboxes.create(account.id, 'x', null)).uidValidity > inbox.uidValidity)
})

test('a removed account gets no mail and tells its sessions', async () => {
  const { accounts, messages } = live.store
  const { id, inbox } = await newAccount()
  const changes = changesOf(inbox.id)
  await accounts.remove(id)
  assert.deepEqual(await messages.deliver(message('S: 1\r\n\r\n'), [id]), [{ accountId: id, outcome: 'no-account' }])
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['gone'],
  )
})

test('device tokens are a set per account, the newest kept', async () => {
  const { deviceTokens, accounts } = live.store
  const { id } = await newAccount()
  await deviceTokens.add(id, 'one', 1)
  await deviceTokens.add(id, 'one', 2)
  await deviceTokens.add(id, 'two', 3)
  assert.deepEqual(await deviceTokens.list(id), ['two', 'one'])
  await deviceTokens.remove(id, 'two')
  assert.deepEqual(await deviceTokens.list(id), ['one'])
  for (let day = 10; day < 60; day++) await deviceTokens.add(id, `t${day}`, day)
  const kept = await deviceTokens.list(id)
  assert.deepEqual([kept.length, kept[0]], [32, 't59'])
  await accounts.remove(id)
  assert.deepEqual(await deviceTokens.list(id), [])
  await deviceTokens.add(id, 'late', 99)
  assert.deepEqual(await deviceTokens.list(id), [])
})

test('mailboxes, flags, tokens and usage are the same after a restart', async () => {
  const { id, inbox } = await newAccount()
  const box = await live.store.mailboxes.create(id, 'Kept/Ümläut', '\\Archive')
  await live.store.mailboxes.subscribe(id, 'Kept/Ümläut', false)
  await live.store.messages.deliver(message('S: 1\r\n\r\n'), [id])
  await live.store.messages.copy(inbox.id, [1], box.id, null)
  const change = { operation: 'add', flags: ['\\Seen', '$Label'] } as const
  await live.store.messages.setFlags(box.id, [1], change, { origin: null })
  await live.store.deviceTokens.add(id, 'token', 3)
  const everything = async () => ({
    mailboxes: await live.store.mailboxes.list(id),
    messages: [await live.store.messages.summaries(inbox.id), await live.store.messages.summaries(box.id)],
    status: await live.store.mailboxes.status(box.id),
    tokens: await live.store.deviceTokens.list(id),
    usage: await live.store.usage(id),
    counts: await live.store.counts(),
  })
  const before = await everything()
  assert.deepEqual(before.messages[1]![0]!.flags, ['\\Seen', '$Label'])
  await live.reopen()
  assert.deepEqual(await everything(), before)
})
