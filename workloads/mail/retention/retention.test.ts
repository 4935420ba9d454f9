import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createLogger } from '../../kit/log/logger.ts'
import type { MailStore } from '../store/store.ts'
import { keepRetention } from './retention.ts'

const retention = { messages: 20, largeMessages: 7, largeMessageSize: 100, inactiveAccounts: 90 }

const start = (expire: MailStore['expire']) => {
  const logged: string[] = []
  const log = createLogger({ workload: 'mail', noLog: true, stream: { write: (line) => void logged.push(line) } })
  const end = keepRetention({ store: { expire } as MailStore, retention, now: () => 1_000_000, log })
  return { end, logged }
}

test('goes on slice by slice until nothing is left', async () => {
  const cutoffs: number[] = []
  const { end, logged } = start(async ({ messagesBefore }) => {
    cutoffs.push(messagesBefore)
    return { messages: 2, accounts: 0, more: cutoffs.length < 3 }
  })
  while (logged.length === 0) await setImmediate()
  end()
  assert.deepEqual(cutoffs, [980_000, 980_000, 980_000])
  assert.match(logged[0]!, /"messages":6/)
})

test('a failure is told, the end of the store is none', async () => {
  const broken = start(async () => {
    throw new Error('disk')
  })
  while (broken.logged.length === 0) await setImmediate()
  broken.end()
  assert.match(broken.logged[0]!, /removing old messages failed/)

  const slice = Promise.withResolvers<never>()
  const ended = start(() => slice.promise)
  ended.end()
  slice.reject(new Error('the mail store is closed'))
  await setImmediate()
  assert.deepEqual(ended.logged, [])
})
