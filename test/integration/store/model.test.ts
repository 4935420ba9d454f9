/** Random sequences of writes against the store and against a model in memory: both must tell the same at every step. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  type Change,
  type FlagChange,
  type Mailbox,
  type MailStore,
  QuotaExceeded,
} from '../../../workloads/mail/store/store.ts'
import { type TestStore, testStore } from '../../support/store.ts'
import { ModelAccount, type ModelMailbox } from './model.ts'

const quota = 300
const everything = [{ from: 1, to: Number.POSITIVE_INFINITY }]

type Box = 'inbox' | 'archive'
const box = fc.constantFrom<Box>('inbox', 'archive')
const other = { inbox: 'archive', archive: 'inbox' } as const
const uids = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 })
const flags = fc.uniqueArray(fc.constantFrom('\\Seen', '\\Deleted', '\\Flagged', '$Custom'), { maxLength: 3 })
const content = fc.integer({ min: 1, max: 120 }).map((length) => `S: x\r\n\r\n${'y'.repeat(length)}`)

const step = fc.oneof(
  fc.record({ kind: fc.constant('deliver' as const), content }),
  fc.record({ kind: fc.constant('append' as const), box, content, flags }),
  fc.record({
    kind: fc.constant('flags' as const),
    box,
    uids,
    flags,
    operation: fc.constantFrom<FlagChange['operation']>('add', 'remove', 'replace'),
    unchangedSince: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('expunge' as const), box, uids: fc.option(uids) }),
  fc.record({ kind: fc.constant('copy' as const), box, uids }),
  fc.record({ kind: fc.constant('move' as const), box, uids }),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** A session's view, kept by the announced changes alone. */
const mirror = () => {
  const seen = new Map<number, { flags: readonly string[]; modseq: number }>()
  const listener = (change: Change) => {
    if (change.kind === 'added') for (const { uid, flags, modseq } of change.messages) seen.set(uid, { flags, modseq })
    if (change.kind === 'flags') for (const { uid, flags, modseq } of change.messages) seen.set(uid, { flags, modseq })
    if (change.kind === 'removed') for (const uid of change.uids) assert.ok(seen.delete(uid))
  }
  return { seen, listener }
}

const byQuota = async <T>(work: () => T | Promise<T>): Promise<T | 'over-quota'> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof QuotaExceeded) return 'over-quota'
    throw error
  }
}

const inModel = (model: ModelAccount, step: Step): unknown => {
  const once = 'uids' in step && step.uids ? [...new Set(step.uids)] : []
  const size = (list: { content: string }[]) => list.reduce((sum, { content }) => sum + content.length, 0)
  switch (step.kind) {
    case 'deliver':
      if (!model.fits(step.content.length)) return 'over-quota'
      model.inbox.add(step.content, [])
      return 'delivered'
    case 'append':
      model.check(step.content.length)
      return [model[step.box].add(step.content, step.flags)]
    case 'flags':
      return model[step.box].setFlags(once, step.operation, step.flags, step.unchangedSince ?? Infinity)
    case 'expunge': {
      const wanted = (uid: number) => step.uids === null || step.uids.includes(uid)
      return model[step.box].take(({ uid, flags }) => flags.has('\\Deleted') && wanted(uid)).map(({ uid }) => uid)
    }
    default: {
      const from = model[step.box]
      const to = model[other[step.box]]
      const found = once.flatMap((uid) => from.messages.find((one) => one.uid === uid) ?? [])
      if (step.kind === 'copy') model.check(size(found))
      else from.take((message) => found.includes(message))
      const modseq = to.modseq + 1
      return [found.map(({ uid }) => uid), found.map(({ content, flags }) => to.add(content, flags, modseq))]
    }
  }
}

type Live = { store: MailStore; accountId: number; inbox: Mailbox; archive: Mailbox }

const inStore = async ({ store, accountId, ...boxes }: Live, step: Step): Promise<unknown> => {
  const { messages } = store
  const message = (content: string, flags: string[]) => ({ content: Buffer.from(content), flags, receivedAt: 1 })
  switch (step.kind) {
    case 'deliver':
      return (await messages.deliver(message(step.content, []), [accountId]))[0]!.outcome
    case 'append':
      return (await messages.append(boxes[step.box].id, message(step.content, step.flags), null)).uids
    case 'flags': {
      const { operation, flags, unchangedSince } = step
      const options = { origin: null, ...(unchangedSince === undefined ? {} : { unchangedSince }) }
      return (await messages.setFlags(boxes[step.box].id, step.uids, { operation, flags }, options)).conflicts
    }
    case 'expunge':
      return messages.expunge(boxes[step.box].id, step.uids?.map((uid) => ({ from: uid, to: uid })) ?? null, null)
    default: {
      const copied = await messages[step.kind](boxes[step.box].id, step.uids, boxes[other[step.box]].id, null)
      return [copied.sourceUids, copied.uids]
    }
  }
}

const compare = async (live: Live, box: Box, model: ModelMailbox, seen: ReturnType<typeof mirror>['seen']) => {
  const { store, accountId } = live
  const mailbox = (await store.mailboxes.list(accountId)).find(({ id }) => id === live[box].id)!
  assert.equal(mailbox.uidNext, model.uidNext)
  assert.equal(mailbox.highestModseq, model.modseq)
  const expected = model.messages.map(({ uid, content, flags, modseq }) => ({ uid, content, flags, modseq }))
  const found = []
  for await (const { uid, content, flags, modseq } of store.messages.read(mailbox.id, everything, 'content'))
    found.push({ uid, content: content!.toString(), flags: new Set(flags), modseq })
  assert.deepEqual(found, expected)
  const summaries = await store.messages.summaries(mailbox.id)
  assert.deepEqual(
    summaries.map(({ uid, size }) => [uid, size]),
    expected.map(({ uid, content }) => [uid, content.length]),
  )
  assert.deepEqual(
    new Map([...seen].map(([uid, { flags, modseq }]) => [uid, { flags: new Set(flags), modseq }])),
    new Map(expected.map(({ uid, flags, modseq }) => [uid, { flags, modseq }])),
  )
  assert.deepEqual(await store.mailboxes.status(mailbox.id), {
    messages: expected.length,
    unseen: expected.filter(({ flags }) => !flags.has('\\Seen')).length,
    deleted: expected.filter(({ flags }) => flags.has('\\Deleted')).length,
    size: expected.reduce((sum, { content }) => sum + content.length, 0),
  })
}

let live: TestStore
let accounts = 0
before(async () => {
  live = await testStore({ quota })
})
after(() => live.close())

const newAccount = async (): Promise<Live> => {
  const { store } = live
  const { account } = await store.accounts.create(`m${accounts++}@x`, 'v', 1)
  const archive = await store.mailboxes.create(account.id, 'Archive', '\\Archive')
  return { store, accountId: account.id, inbox: (await store.mailboxes.find(account.id, 'INBOX'))!, archive }
}

test('the store tells what the model tells, and its changes tell a session all of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const account = await newAccount()
      const model = new ModelAccount(quota)
      const mirrors = { inbox: mirror(), archive: mirror() }
      const ends = (['inbox', 'archive'] as const).map((box) =>
        account.store.watch(account[box].id, mirrors[box].listener),
      )
      for (const one of steps) {
        const expected = await byQuota(() => inModel(model, one))
        assert.deepEqual(await byQuota(() => inStore(account, one)), expected)
      }
      for (const box of ['inbox', 'archive'] as const) await compare(account, box, model[box], mirrors[box].seen)
      assert.equal((await account.store.usage(account.accountId)).used, model.used)
      for (const end of ends) end()
    }),
    { numRuns: 100 },
  )
})
