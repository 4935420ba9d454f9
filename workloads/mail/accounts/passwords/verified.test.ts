import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Verified } from './verified.ts'

const make = (limits = { entries: 3, lifetime: 1000 }) => {
  const clock = { now: 0 }
  return { clock, verified: new Verified(randomBytes(32), limits, () => clock.now) }
}

test('only the verified password of the same verifier is remembered', () => {
  const { verified } = make()
  verified.add('v1', 'password-1')
  assert.equal(verified.has('v1', 'password-1'), true)
  assert.equal(verified.has('v1', 'password-2'), false)
  assert.equal(verified.has('v2', 'password-1'), false)
})

test('it is forgotten after its lifetime, used or not', () => {
  const { verified, clock } = make()
  verified.add('v', 'p')
  clock.now = 999
  assert.equal(verified.has('v', 'p'), true)
  clock.now = 1000
  assert.equal(verified.has('v', 'p'), false)
  assert.equal(verified.size, 0)
})

test('the one not used for longest goes first', () => {
  const { verified } = make()
  for (const name of ['a', 'b', 'c']) verified.add(name, 'p')
  verified.has('a', 'p')
  verified.add('d', 'p')
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => verified.has(name, 'p')),
    [true, false, true, true],
  )
})
