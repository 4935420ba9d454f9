import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Registry } from 'prom-client'
import { eventually } from '../../test/support/eventually.ts'
import { Controller, type ControllerOptions, type Result } from './controller.ts'

const controllerOf = (t: TestContext, reconcile: ControllerOptions['reconcile'], workers = 2) => {
  const metrics = new Registry()
  const errors: object[] = []
  const log = { info: () => {}, warn: () => {}, error: (fields: object) => errors.push(fields) }
  const backoff = { baseMs: 1, maxMs: 4 }
  const controller = new Controller({ name: 'test', workers, reconcile, metrics, log, backoff })
  t.after(() => controller.stop(0))
  return { controller, metrics, errors }
}

test('a key is worked on until its work is done, and its outcomes are counted', async (t) => {
  const outcomes: (() => Result)[] = [
    () => {
      throw new Error('of the first time')
    },
    () => ({ kind: 'retry', error: new Error('of the second time') }),
    () => ({ kind: 'retry' }),
    () => ({ kind: 'wait', ms: 1 }),
    () => ({ kind: 'done' }),
  ]
  const worked: string[] = []
  const { controller, metrics, errors } = controllerOf(t, async (key) => {
    worked.push(key)
    return outcomes[worked.length - 1]!()
  })
  controller.enqueue('a')
  controller.start()
  await eventually(async () => assert.match(await metrics.metrics(), /result="success"\} 1/))
  assert.deepEqual(worked, Array(5).fill('a'))
  const text = await metrics.metrics()
  for (const [result, count] of Object.entries({ error: 2, requeue: 1, requeue_after: 1, success: 1 }))
    assert.ok(
      text.includes(`controller_runtime_reconcile_total{controller="test",result="${result}"} ${count}\n`),
      text,
    )
  assert.match(text, /controller_runtime_reconcile_errors_total\{controller="test"\} 2/)
  assert.match(text, /controller_runtime_reconcile_time_seconds_count\{controller="test"\} 5/)
  assert.match(text, /controller_runtime_active_workers\{controller="test"\} 0/)
  assert.equal(errors.length, 2)
})

test('as many keys as there are workers are worked on at a time, and one key once', async (t) => {
  const held = new Map<string, () => void>()
  let most = 0
  const { controller } = controllerOf(t, async (key) => {
    assert.ok(!held.has(key))
    await new Promise<void>((resolve) => {
      held.set(key, resolve)
      most = Math.max(most, held.size)
    })
    held.delete(key)
    return { kind: 'done' }
  })
  controller.start()
  const done = new Set<string>()
  for (const key of ['a', 'b', 'c', 'a']) controller.enqueue(key)
  await eventually(() => assert.equal(held.size, 2))
  controller.enqueue('a')
  await eventually(() => {
    for (const [key, finish] of held) {
      done.add(key)
      finish()
    }
    assert.equal(done.size, 3)
    assert.equal(held.size, 0)
  })
  assert.equal(most, 2)
})

test('a stop lets the work in hand end, then aborts it', async (t) => {
  const worked: string[] = []
  const { controller } = controllerOf(
    t,
    (key, signal) =>
      new Promise((resolve) => {
        worked.push(key)
        signal.addEventListener('abort', () => resolve({ kind: 'retry', error: new Error('aborted') }))
      }),
    1,
  )
  controller.start()
  controller.enqueue('a')
  controller.enqueue('b')
  await eventually(() => assert.deepEqual(worked, ['a']))
  await controller.stop(10)
  assert.deepEqual(worked, ['a'])
})
