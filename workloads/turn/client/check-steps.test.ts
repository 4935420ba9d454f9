// Which steps are taken after others failed, and what a silent relay is put down to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckStep } from './advice.ts'
import type { CheckResult, Run } from './check-run.ts'
import { type State, steps } from './check-steps.ts'

const results = (found: Partial<Record<CheckStep, CheckResult['outcome']>>, code = 'TIMEOUT'): State['results'] =>
  new Map(
    Object.entries(found).map(([step, outcome]) => [
      step as CheckStep,
      { step: step as CheckStep, outcome, ms: 0, ...(outcome === 'failed' ? { code } : {}) },
    ]),
  )
const step = (name: CheckStep) => steps.find((each) => each.step === name)!

test('where UDP is closed TCP is tried, where the server refuses it is not', () => {
  const closed = { results: results({ binding: 'failed', allocate: 'untried' }) }
  assert.equal(step('allocate').blockedBy(closed), 'binding')
  assert.equal(step('tcp').blockedBy(closed), null)
  for (const code of ['KEY', 'CLOCK', '401', '486', '508']) {
    const refused = { results: results({ binding: 'ok', allocate: 'failed' }, code) }
    assert.equal(step('tls').blockedBy(refused), 'allocate')
  }
})

test('what cannot be found out stands in the way of nothing', () => {
  assert.equal(step('allocate').blockedBy({ results: results({ binding: 'skipped' }) }), null)
})

test('a relay that nothing comes through: closed ports, a network without hairpin, or not known which', async () => {
  const silent = { sendTo: () => undefined, onData: () => undefined }
  const pair = { a: silent, b: silent, relayedA: {}, relayedB: {} } as unknown as State['pair']
  const run = { signal: AbortSignal.abort() } as Run
  for (const [range, code] of [
    ['ok', 'HAIRPIN'],
    ['failed', 'RANGE'],
    ['skipped', 'TIMEOUT'],
  ] as const)
    assert.deepEqual(await step('relay').work(run, { pair, results: results({ range }) }), { code })
})
