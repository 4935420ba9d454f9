import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import { WorkQueue } from './queue.ts'
import { queueMetrics } from './queue-metrics.ts'

/** A clock that goes when it is told to. */
class Clock {
  now = 0
  #timers = new Set<{ at: number; callback: () => void }>()

  readonly setTimer = (callback: () => void, ms: number): { clear(): void } => {
    const timer = { at: this.now + ms, callback }
    this.#timers.add(timer)
    return { clear: () => this.#timers.delete(timer) }
  }

  advance(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#timers.delete(next)
      this.now = next.at
      next.callback()
    }
    this.now = end
  }
}

const queueWith = (clock: Clock): WorkQueue =>
  new WorkQueue({ now: () => clock.now, random: () => 1, setTimer: clock.setTimer, backoff: { baseMs: 8, maxMs: 64 } })

/** What the queue promises, said as simply as possible. */
class Model {
  ready: string[] = []
  held = new Set<string>()
  again = new Set<string>()
  delayed = new Map<string, number>()
  failures = new Map<string, number>()
  takers = 0
  taken: string[] = []

  add(key: string): void {
    this.delayed.delete(key)
    if (this.held.has(key)) this.again.add(key)
    else if (!this.ready.includes(key)) this.ready.push(key)
    this.hand()
  }

  addAfter(key: string, at: number): void {
    if (this.ready.includes(key) || this.again.has(key)) return
    if (at >= (this.delayed.get(key) ?? Number.POSITIVE_INFINITY)) return
    // Of those that are due at one time, the one that was asked for first comes first.
    this.delayed.delete(key)
    this.delayed.set(key, at)
  }

  done(key: string): void {
    this.held.delete(key)
    if (this.again.delete(key)) this.add(key)
  }

  advance(to: number): void {
    const due = [...this.delayed].filter(([, at]) => at <= to).sort((a, b) => a[1] - b[1])
    for (const [key] of due) this.add(key)
  }

  hand(): void {
    while (this.takers > 0 && this.ready.length > 0) {
      const key = this.ready.shift()!
      this.takers--
      this.held.add(key)
      this.taken.push(key)
    }
  }
}

type Real = { queue: WorkQueue; clock: Clock; taken: string[] }
type Command = fc.AsyncCommand<Model, Real>

const key = fc.constantFrom('a', 'b', 'c')

const command = (told: string, run: (model: Model, real: Real) => void, check = (_: Model) => true): Command => ({
  check: (model) => check(model),
  toString: () => told,
  run: async (model, real) => {
    run(model, real)
    await turn()
    assert.deepEqual(real.taken, model.taken)
  },
})

const commands = [
  key.map((name) =>
    command(`add ${name}`, (model, { queue }) => {
      queue.add(name)
      model.add(name)
    }),
  ),
  fc.tuple(key, fc.integer({ min: 1, max: 50 })).map(([name, ms]) =>
    command(`add ${name} after ${ms}`, (model, { queue, clock }) => {
      queue.addAfter(name, ms)
      model.addAfter(name, clock.now + ms)
    }),
  ),
  key.map((name) =>
    command(`retry ${name}`, (model, { queue, clock }) => {
      const failures = (model.failures.get(name) ?? 0) + 1
      model.failures.set(name, failures)
      const ms = Math.min(64, 8 * 2 ** (failures - 1))
      assert.equal(queue.addBackedOff(name), ms)
      model.addAfter(name, clock.now + ms)
    }),
  ),
  key.map((name) =>
    command(`forget ${name}`, (model, { queue }) => {
      queue.forget(name)
      model.failures.delete(name)
    }),
  ),
  fc.constant(
    command('take', (model, { queue, taken }) => {
      queue.take().then((name) => taken.push(name!))
      model.takers++
      model.hand()
    }),
  ),
  key.map((name) =>
    command(
      `done ${name}`,
      (model, { queue }) => {
        queue.done(name)
        model.done(name)
      },
      ({ held }) => held.has(name),
    ),
  ),
  fc.integer({ min: 1, max: 40 }).map((ms) =>
    command(`${ms} ms pass`, (model, { clock }) => {
      clock.advance(ms)
      model.advance(clock.now)
    }),
  ),
]

test('keys are handed out once, to one worker at a time, and never forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60 }), async (run) => {
      const setup = () => {
        const clock = new Clock()
        return { model: new Model(), real: { clock, queue: queueWith(clock), taken: [] } }
      }
      await fc.asyncModelRun(setup, run)
    }),
    { numRuns: 200 },
  )
})

test('a closed queue hands out nothing, and whoever waits is told', async () => {
  const queue = queueWith(new Clock())
  const waiting = queue.take()
  queue.close()
  queue.add('a')
  queue.addAfter('b', 0)
  assert.deepEqual([await waiting, await queue.take()], [null, null])
})

test('a wait of more than a timer can hold is waited for all the same', async () => {
  const clock = new Clock()
  const queue = queueWith(clock)
  const month = 30 * 24 * 3600 * 1000
  queue.addAfter('a', month)
  const taken: (string | null)[] = []
  queue.take().then((name) => taken.push(name))
  clock.advance(month - 1)
  await turn()
  assert.deepEqual(taken, [])
  clock.advance(1)
  await turn()
  assert.deepEqual(taken, ['a'])
})

test('the metrics are those that dashboards read', async () => {
  const registry = new Registry()
  const clock = new Clock()
  const queues = ['one', 'two'].map(
    (name) => new WorkQueue({ now: () => clock.now, setTimer: clock.setTimer, metrics: queueMetrics(registry, name) }),
  )
  for (const name of ['a', 'b', 'b']) queues[0]!.add(name)
  clock.advance(2000)
  await queues[0]!.take()
  queues[0]!.addBackedOff('c')
  clock.advance(3000)
  const text = await registry.metrics()
  for (const line of [
    'workqueue_depth{name="one"} 2',
    'workqueue_depth{name="two"} 0',
    'workqueue_adds_total{name="one"} 3',
    'workqueue_retries_total{name="one"} 1',
    'workqueue_queue_duration_seconds_sum{name="one"} 2',
    'workqueue_longest_running_processor_seconds{name="one"} 3',
    'workqueue_unfinished_work_seconds{name="one"} 3',
  ])
    assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`)
  queues[0]!.done('a')
  assert.match(await registry.metrics(), /workqueue_work_duration_seconds_sum\{name="one"\} 3/)
})
