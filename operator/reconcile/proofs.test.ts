import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Proof, Proofs } from './proofs.ts'

const works: Proof = { ok: true, rttMs: 1 }
const fails: Proof = { ok: false, step: 'allocate', code: 'Timeout', message: 'no answer' }
const target = { host: '203.0.113.1', port: 3478, secret: 'first' }

/** Proofs of which each ends when the test says so, on a clock of the test. */
const bed = (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const changed: string[] = []
  const under: { secret: string; signal: AbortSignal; end: (proof: Proof | Error) => void }[] = []
  const prove = ({ secret }: { secret: string }, signal: AbortSignal): Promise<Proof> => {
    const { promise, resolve, reject } = Promise.withResolvers<Proof>()
    under.push({ secret, signal, end: (proof) => (proof instanceof Error ? reject(proof) : resolve(proof)) })
    return promise
  }
  const proofs = new Proofs({
    prove,
    changed: (owner) => changed.push(owner),
    pace: { worksMs: 60_000, failsMs: 2000 },
  })
  /** Ends the proof that is under way, and begins the next after that time. */
  const end = async (proof: Proof | Error, ms: number): Promise<void> => {
    const count = under.length
    under.at(-1)!.end(proof)
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    t.mock.timers.tick(ms - 1)
    assert.equal(under.length, count, 'not before its time')
    t.mock.timers.tick(1)
  }
  const state = (id = 'a', told = false) => proofs.of('mail/chat', id, target, told).state
  return { proofs, under, changed, end, state }
}

test('a target is untried until its first proof, then what that says, and its owner is told of changes alone', async (t) => {
  const { under, changed, end, state } = bed(t)
  assert.deepEqual([state(), state(), under.length], ['untried', 'untried', 1])
  await end(works, 60_000)
  assert.deepEqual([state(), changed.length, under.length], ['works', 1, 2])
  await end(works, 60_000)
  assert.deepEqual([state(), changed.length], ['works', 1])
})

test('one that has worked is given up after three failures in a row, and works again with the first that succeeds', async (t) => {
  const { changed, end, state } = bed(t)
  state()
  await end(works, 60_000)
  for (const expected of ['works', 'works', 'fails', 'fails']) {
    await end(fails, 2000)
    assert.equal(state(), expected)
  }
  assert.equal(changed.length, 2)
  await end(works, 60_000)
  await end(fails, 2000)
  await end(works, 60_000)
  await end(fails, 2000)
  await end(fails, 2000)
  assert.equal(state(), 'works', 'failures that are not in a row')
})

test('one that never worked fails at once, a proof that cannot be made too, in words without its error', async (t) => {
  const { proofs, end, state } = bed(t)
  state()
  await end(fails, 2000)
  assert.deepEqual(proofs.of('mail/chat', 'a', target, false), { state: 'fails', message: 'allocate: no answer' })
  await end(new Error('203.0.113.1 is private'), 2000)
  assert.deepEqual(proofs.of('mail/chat', 'a', target, false), {
    state: 'fails',
    message: 'resolve: the proof could not be made',
  })
})

test('one that clients are told of already works until it has failed as often as any other', async (t) => {
  const { end, state } = bed(t)
  assert.equal(state('a', true), 'works')
  await end(fails, 2000)
  await end(fails, 2000)
  assert.equal(state(), 'works')
  await end(fails, 2000)
  assert.equal(state(), 'fails')
})

test('the next proof is made with the key of that time', async (t) => {
  const { proofs, under, end, state } = bed(t)
  state()
  proofs.of('mail/chat', 'a', { ...target, secret: 'second' }, false)
  await end(works, 60_000)
  assert.deepEqual(
    under.map(({ secret }) => secret),
    ['first', 'second'],
  )
})

test('what is no longer wanted is stopped, and says nothing more; those of other owners go on', async (t) => {
  const { proofs, under, changed, state } = bed(t)
  state('a')
  state('b')
  proofs.of('mail/other', 'a', target, false)
  proofs.keepOnly('mail/chat', new Set(['b']))
  assert.deepEqual(
    under.map(({ signal }) => signal.aborted),
    [true, false, false],
  )
  under[0]!.end(works)
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  t.mock.timers.tick(120_000)
  assert.deepEqual([changed, under.length], [[], 3])
  assert.equal(state('a'), 'untried', 'wanted again, it is proved anew')
  proofs.stop()
  assert.ok(under.every(({ signal }) => signal.aborted))
})
