import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { placesOf } from './places.ts'

const nodes = ['a', 'b', 'c', 'd']
const places = (chosen: string[], kept: [string, number][], count: number) => [
  ...placesOf(chosen, new Map(kept), count),
]

test('in order at first; later each keeps its own, and a newcomer gets one that is free, else one that is left', () => {
  assert.deepEqual(places(['a', 'b'], [], 2), [
    ['a', 0],
    ['b', 1],
  ])
  assert.deepEqual(
    places(
      ['b', 'c'],
      [
        ['a', 0],
        ['b', 1],
      ],
      3,
    ),
    [
      ['b', 1],
      ['c', 2],
    ],
  )
  assert.deepEqual(
    places(
      ['b', 'c'],
      [
        ['a', 0],
        ['b', 1],
      ],
      2,
    ),
    [
      ['b', 1],
      ['c', 0],
    ],
  )
  assert.deepEqual(
    places(['a', 'b', 'c'], [], 2),
    [
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ],
    'beyond the list there is no address',
  )
})

test('no two nodes have one place of the list, and who has one keeps it', () => {
  const kept = fc.array(fc.tuple(fc.constantFrom(...nodes), fc.nat(4)), { maxLength: 4 }).map((all) => new Map(all))
  fc.assert(
    fc.property(fc.subarray(nodes), kept, fc.integer({ min: 1, max: 4 }), (chosen, before, count) => {
      const given = placesOf(chosen, before, count)
      assert.deepEqual([...given.keys()].sort(), [...chosen].sort())
      const listed = [...given.values()].filter((place) => place < count)
      assert.equal(new Set(listed).size, listed.length)
      assert.equal(listed.length, Math.min(chosen.length, count), 'none is left unused while one is without')
      assert.deepEqual(placesOf(chosen, given, count), given, 'again: the same')
    }),
  )
})
