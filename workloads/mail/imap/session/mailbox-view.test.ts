import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Change, Mailbox } from '../../store/store.ts'
import { MailboxView } from './mailbox-view.ts'

const mailbox: Mailbox = {
  id: 1,
  accountId: 1,
  name: 'INBOX',
  uidValidity: 1,
  uidNext: 1,
  highestModseq: 1,
  subscribed: true,
  specialUse: null,
}

const summary = (uid: number) => ({ uid, flags: [], modseq: uid, size: 1, receivedAt: 0 })
const added = (...uids: number[]): Change => ({
  mailboxId: 1,
  origin: null,
  kind: 'added',
  messages: uids.map(summary),
})
const removed = (...uids: number[]): Change => ({ mailboxId: 1, origin: null, kind: 'removed', uids, modseq: 1 })

const viewOf = (uids: number[], uidNext = Number.POSITIVE_INFINITY): MailboxView => {
  const view = new MailboxView(mailbox, false)
  view.fill(uids.map(summary), uidNext)
  return view
}

test('messages that came while the mailbox was opened are announced like new ones', () => {
  const view = viewOf([3, 5, 9], 9)
  assert.equal(view.count, 2)
  view.note(added(9, 10), false)
  assert.equal(view.takeExists(), 4)
  assert.equal(view.takeExists(), null)
})

test('sequence numbers stay until the client is told', () => {
  const view = viewOf([3, 5, 9])
  view.note(removed(5), false)
  assert.equal(view.sequenceOf(9), 3)
  assert.deepEqual(view.takeExpunged(), [2])
  assert.equal(view.sequenceOf(9), 2)
})

test('a message that comes and goes unannounced is never told of', () => {
  const view = viewOf([3])
  view.note(added(4), false)
  view.note(removed(4), false)
  assert.deepEqual(view.takeExpunged(), [])
  assert.equal(view.takeExists(), null)
})

test('a client that follows what it is told knows the mailbox', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add'), index: fc.nat(3) }),
    fc.record({ kind: fc.constant('remove'), index: fc.nat(20) }),
    fc.record({ kind: fc.constant('tell'), index: fc.nat(1) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const view = viewOf([1, 2, 3])
      let truth = [1, 2, 3]
      const client = [1, 2, 3]
      let next = 4
      const tell = (expunge: boolean) => {
        if (expunge) for (const sequence of view.takeExpunged()) client.splice(sequence - 1, 1)
        const exists = view.takeExists()
        for (let sequence = client.length + 1; sequence <= (exists ?? 0); sequence++) client.push(view.uidOf(sequence))
      }
      for (const { kind, index } of steps) {
        if (kind === 'add') {
          const uids = Array.from({ length: index + 1 }, () => next++)
          truth.push(...uids)
          view.note(added(...uids), false)
        } else if (kind === 'remove' && truth.length > 0) {
          const uid = truth[index % truth.length]!
          truth = truth.filter((each) => each !== uid)
          view.note(removed(uid), false)
        } else tell(index === 0)
        assert.deepEqual(
          client.map((_, at) => view.uidOf(at + 1)),
          client,
        )
      }
      tell(true)
      assert.deepEqual(client, truth)
    }),
  )
})
