import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ConditionType, conditions, conditionTypes, type Reason } from '../api/conditions.ts'
import { type Status, status as statusSchema } from '../api/status.ts'
import { type Condition, type Ending, type Summary, summarise } from './summarise.ts'
import type { Verdict, Verdicts } from './verdict.ts'

type Kstatus = 'Terminating' | 'InProgress' | 'Failed' | 'Current'
type Resource = { metadata: { generation: number; deletionTimestamp?: string }; status: Status }

/** What tools make of a status: the published rules of kstatus, in their order. */
const kstatus = ({ metadata, status }: Resource): Kstatus => {
  if (metadata.deletionTimestamp) return 'Terminating'
  if (status.observedGeneration !== metadata.generation) return 'InProgress'
  const is = (type: string) => status.conditions?.find((condition) => condition.type === type)?.status
  if (is('Reconciling') === 'True') return 'InProgress'
  if (is('Stalled') === 'True') return 'Failed'
  if (is('Ready') === 'False' || is('Ready') === 'Unknown') return 'InProgress'
  return 'Current'
}

/** What each reason comes with; those that are not here are False. */
const good: Partial<{ [T in ConditionType]: readonly string[] }> = {
  MailAvailable: ['Available'],
  TurnAvailable: ['Available', 'PartlyAvailable'],
  IrohAvailable: ['Available'],
  CertificateReady: ['Issued', 'SelfSigned'],
  KeysReady: ['Steady', 'Introducing', 'Switched', 'WaitingForRelays', 'WaitingForMail'],
  Exposed: ['Exposed'],
  DNSReady: ['Published', 'NotNeeded'],
}
const parts = Object.keys(good) as (keyof typeof good)[]

const verdictsOf = (type: ConditionType): Verdict[] =>
  conditions[type].reasons.map((reason) => ({
    status: good[type]?.includes(reason) ? 'True' : 'False',
    reason: reason as Verdict['reason'],
    message: `${type} is ${reason}.`,
  }))

const anyVerdicts = fc.record(
  Object.fromEntries(
    parts.map((type) => {
      const all = verdictsOf(type)
      const fine = all.filter(({ status, reason }) => status === 'True' || reason === 'Disabled')
      return [type, fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...fine) }, fc.constantFrom(...all))]
    }),
  ),
) as fc.Arbitrary<Verdicts>

const problem = fc.record({
  reason: fc.constantFrom(...conditions.Stalled.reasons),
  message: fc.constantFrom('Do this.', 'Do that.', 'x'.repeat(3000)),
})

/** A pass that ends early has seen nothing. */
const pass: fc.Arbitrary<Omit<Summary, 'before' | 'now' | 'generation'>> = fc.oneof(
  fc.record({
    ending: fc.constantFrom<Ending>({ kind: 'done' }, { kind: 'wait', why: 'Waiting for pods.' }),
    verdicts: anyVerdicts,
    problem: fc.option(problem, { freq: 3 }),
  }),
  fc.record({
    ending: fc.oneof(
      problem.map((cause): Ending => ({ kind: 'stall', ...cause })),
      fc.constant<Ending>({ kind: 'paused' }),
      fc.constant<Ending>({ kind: 'retry', message: 'Trying again: no answer' }),
    ),
    verdicts: fc.constant({}),
    problem: fc.constant(null),
  }),
)

const generationAfter = (changed: boolean, generation: number): number => generation + Number(changed)
const find = (all: readonly Condition[], type: ConditionType) => all.find((condition) => condition.type === type)

const isMet = (verdict: Verdict | undefined): boolean => verdict?.status === 'True' || verdict?.reason === 'Disabled'

/** Whether everything that the resource asks for works; DNS only informs. */
const works = ({ verdicts }: Pick<Summary, 'verdicts'>): boolean =>
  parts.every((type) => type === 'DNSReady' || isMet(verdicts[type] as Verdict | undefined))

test('whatever passes see and however they end, in any order, tools read it rightly', () => {
  const history = fc.array(fc.tuple(pass, fc.boolean()), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(history, (passes) => {
      let before: Condition[] = []
      let generation = 1
      for (const [index, [seen, changed]] of passes.entries()) {
        generation = generationAfter(changed, generation)
        const summary = { ...seen, before, generation, now: new Date(Date.UTC(2026, 10, 26, index)).toISOString() }
        const after = summarise(summary)
        judge(summary, after)
        before = after
      }
    }),
    { numRuns: 2000 },
  )
})

const judge = (summary: Summary, after: Condition[]): void => {
  const { ending, before, generation, now } = summary
  statusSchema.parse({ observedGeneration: generation, conditions: after })
  for (const { type, status, reason, message } of after) {
    assert.ok((conditions[type as ConditionType].reasons as readonly string[]).includes(reason), `${type} ${reason}`)
    if (type === 'Reconciling' || type === 'Stalled') assert.equal(status, 'True', `${type} is there only while true`)
    assert.notEqual(message, '')
  }
  assert.deepEqual(
    after.map(({ type }) => type),
    conditionTypes.filter((type) => find(after, type)),
    'each once, in the order of the table',
  )
  const ready = find(after, 'Ready')!
  const current = kstatus({ metadata: { generation }, status: { observedGeneration: generation, conditions: after } })
  const asksAPerson = ending.kind === 'stall' || summary.problem !== null
  if (asksAPerson) {
    assert.equal(current, 'Failed')
    assert.equal(ready.status, 'False')
  }
  if (current === 'Current') assert.equal(ready.status, 'True')
  if (ending.kind === 'done') assert.equal(current === 'Current', works(summary) && !asksAPerson)
  if (ending.kind === 'wait') assert.notEqual(current, 'Current')
  if (ending.kind === 'retry') assert.equal(current, 'InProgress')
  for (const condition of after) {
    const old = find(before, condition.type as ConditionType)
    const since = old?.status === condition.status ? old.lastTransitionTime : now
    assert.equal(condition.lastTransitionTime, since, `${condition.type} changes its time with its status alone`)
  }
  if (ending.kind === 'stall' || ending.kind === 'paused' || ending.kind === 'retry')
    for (const type of parts) assert.deepEqual(find(after, type), find(before, type), 'what was not looked at stays')
  assert.deepEqual(summarise({ ...summary, before: after, now: '2027-01-01T00:00:00.000Z' }), after, 'again: no change')
}

const healthy = Object.fromEntries(parts.map((type) => [type, verdictsOf(type).find(isMet)])) as Verdicts
const base: Summary = {
  generation: 3,
  ending: { kind: 'done' },
  verdicts: healthy,
  problem: null,
  before: [],
  now: '2026-11-26T00:00:00.000Z',
}

test('each part that is missing is what Ready tells, every reason of it', () => {
  for (const type of parts.filter((each) => each !== 'DNSReady'))
    for (const verdict of verdictsOf(type).filter((each) => !isMet(each))) {
      const after = summarise({ ...base, verdicts: { ...healthy, [type]: verdict } })
      assert.deepEqual([find(after, 'Ready')!.status, find(after, 'Ready')!.message], ['False', verdict.message])
      assert.equal(find(after, 'Reconciling')!.reason, 'Progressing')
    }
})

test('a record that is missing and relays that are fewer are told beside Ready', () => {
  const missing: Verdict<'DNSReady'> = { status: 'False', reason: 'Missing', message: 'chat A 1. Publish it.' }
  assert.match(
    find(summarise({ ...base, verdicts: { ...healthy, DNSReady: missing } }), 'Ready')!.message,
    /Publish it/,
  )
  const fewer: Verdict<'TurnAvailable'> = { status: 'True', reason: 'PartlyAvailable', message: '1 of 2 relays work.' }
  const ready = find(summarise({ ...base, verdicts: { ...healthy, TurnAvailable: fewer } }), 'Ready')!
  assert.deepEqual([ready.status, ready.reason], ['True', 'Ready' satisfies Reason<'Ready'>])
  assert.match(ready.message, /1 of 2 relays work/)
})

test('a rollout of what works leaves it Ready, and is told', () => {
  const after = summarise({ ...base, ending: { kind: 'wait', why: 'n1 is next.' } })
  assert.equal(find(after, 'Ready')!.status, 'True')
  assert.deepEqual(
    [find(after, 'Reconciling')!.reason, find(after, 'Reconciling')!.message],
    ['RollingOut', 'n1 is next.'],
  )
})

test('a pause keeps what was said, drops what it was about, and says how it ends', () => {
  const stalled = summarise({ ...base, problem: { reason: 'NoNode', message: 'Label one.' } })
  const paused = summarise({ ...base, verdicts: {}, ending: { kind: 'paused' }, before: stalled })
  assert.equal(find(paused, 'Stalled'), undefined)
  assert.deepEqual([find(paused, 'Ready')!.status, find(paused, 'Ready')!.reason], ['False', 'Paused'])
  assert.match(find(paused, 'Ready')!.message, /spec\.paused/)
  const [fresh] = summarise({ ...base, verdicts: {}, ending: { kind: 'paused' } })
  assert.equal(fresh!.status, 'Unknown')
})

test('a resource that is deleted or not looked at yet is neither ready nor failed', () => {
  const born: Resource = { metadata: { generation: 1 }, status: { observedGeneration: -1 } }
  assert.equal(kstatus(born), 'InProgress')
  assert.equal(
    kstatus({ ...born, metadata: { generation: 1, deletionTimestamp: '2026-11-26T00:00:00Z' } }),
    'Terminating',
  )
})
