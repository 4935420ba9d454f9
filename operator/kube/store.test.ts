import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KubeObject } from './objects.ts'
import { type ListFilter, ObjectStore } from './store.ts'

const few = fc.constantFrom('a', 'b', 'c')
const labels = fc.dictionary(fc.constantFrom('app', 'owner'), few, { noNullPrototype: true })
const object: fc.Arbitrary<KubeObject> = fc
  .record({ name: few, namespace: few, labels: fc.option(labels, { nil: undefined }) })
  .map(({ labels: found, ...ref }) => ({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { ...ref, ...(found && { labels: found }) },
  }))
const filter: fc.Arbitrary<ListFilter> = fc.record({ namespace: few, labels }, { requiredKeys: [] })

for (const form of ['object', 'text'] as const)
  test(`an indexed store finds what a search through all would find, kept as ${form}`, () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(object, fc.boolean())), filter, (steps, wanted) => {
        const indexed = new ObjectStore(['owner'], form)
        const plain = new ObjectStore()
        for (const [thing, isKept] of steps)
          for (const store of [indexed, plain]) isKept ? store.set(thing) : store.delete(thing.metadata)
        assert.deepEqual(new Set(indexed.list(wanted)), new Set(plain.list(wanted)))
        assert.deepEqual(indexed.values(), plain.values())
      }),
    )
  })
