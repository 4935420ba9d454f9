import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Overloaded, Turnstile } from './turnstile.ts'

test('bounds hold whatever comes and finishes in whatever order, and in the end all places are free', async () => {
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), finish: fc.nat(3) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const turnstile = new Turnstile({ running: 2, waiting: 3, perName: 4 })
      const open: (() => void)[] = []
      const all: Promise<unknown>[] = []
      const outcomes = { done: 0, overloaded: 0 }
      let running = 0
      const task = async () => {
        running++
        assert.ok(running <= 2)
        await new Promise<void>((resolve) => open.push(resolve))
        running--
      }
      for (const { name, finish } of steps) {
        all.push(
          turnstile.run(name, task).then(
            () => outcomes.done++,
            (error) => {
              assert.ok(error instanceof Overloaded)
              outcomes.overloaded++
            },
          ),
        )
        for (let i = 0; i < finish; i++) open.shift()?.()
        await new Promise(setImmediate)
      }
      while (outcomes.done + outcomes.overloaded < steps.length) {
        open.shift()?.()
        await new Promise(setImmediate)
      }
      assert.equal(running, 0)
      const after = Array.from({ length: 4 }, () => turnstile.run('a', async () => 'ran'))
      assert.deepEqual(await Promise.all(after), ['ran', 'ran', 'ran', 'ran'])
    }),
    { numRuns: 50 },
  )
})

test('a failing task gives its place back', async () => {
  const turnstile = new Turnstile({ running: 1, waiting: 0, perName: 1 })
  await assert.rejects(
    turnstile.run('a', () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.equal(await turnstile.run('a', async () => 1), 1)
})
