import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Pace } from './pace.ts'
import { Sources } from './sources.ts'

test('in any time no more is read than the burst, the rate and one last piece', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 50 }), (pieces) => {
      const pace = new Pace({ bytesPerSecond: 1000, burst: 2000 }, 0)
      let [now, read] = [0, 0]
      for (const piece of pieces) {
        read += piece
        const wait = pace.charge(piece, now)
        assert.ok(read - piece <= 2000 + now + 1)
        now += wait
      }
    }),
  )
})

test('an address has so many connections, its /64 together, and others are not touched', () => {
  const sources = new Sources({ connections: 2, pace: { bytesPerSecond: 10, burst: 10 } }, () => 0)
  const one = sources.enter('2001:db8:1:2::1')!
  assert.equal(sources.enter('2001:db8:1:2::2'), one)
  assert.equal(sources.enter('2001:db8:1:2:3::'), null)
  assert.notEqual(sources.enter('::ffff:192.0.2.1'), null)
  assert.equal(sources.enter('192.0.2.1')?.connections, 2)
  sources.leave(one)
  assert.equal(sources.enter('2001:db8:1:2::9'), one)
})

test('who has left is forgotten once nothing is owed', () => {
  const sources = new Sources({ connections: 2, pace: { bytesPerSecond: 10, burst: 10 } }, () => 0)
  const source = sources.enter('192.0.2.1')!
  source.pace!.charge(50, 0)
  sources.leave(source)
  sources.sweep(1000)
  assert.equal(sources.size, 1)
  assert.equal(sources.enter('192.0.2.1'), source)
  sources.leave(source)
  sources.sweep(5000)
  assert.equal(sources.size, 0)
})
