import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { serverOf } from '../../../test/support/operator/a-server.ts'
import { type NodeParts, nodeOf } from '../../../test/support/operator/gathered.ts'
import type { Node } from '../view.ts'
import { type Placement, placeRelays } from './nodes.ts'

const now = 1_795_548_186_000
const minute = 60_000
const specOf = (turn: object) => serverOf({ turn }).spec
const namesOf = (nodes: readonly Node[]): string[] => nodes.map(({ metadata }) => metadata.name)
const place = (turn: object, nodes: Node[], current: string[] = []): string[][] => {
  const { chosen, leaving } = placeRelays(specOf(turn), nodes, new Set(current), now)
  return [namesOf(chosen), namesOf(leaving)]
}

test('nodes that have a relay keep it; one that takes no pods hands it over where another can take it', () => {
  const nodes = [nodeOf('a'), nodeOf('b'), nodeOf('c')]
  assert.deepEqual(place({ replicas: 2 }, nodes), [['a', 'b'], []])
  assert.deepEqual(place({ replicas: 2 }, nodes, ['c']), [['a', 'c'], []])
  assert.deepEqual(place({ replicas: 1 }, nodes, ['b', 'c']), [['b'], ['c']])
  const cordoned = [nodeOf('a', { cordoned: true }), nodeOf('b')]
  assert.deepEqual(place({}, cordoned, ['a']), [['b'], ['a']])
  assert.deepEqual(place({}, [cordoned[0]!], ['a']), [['a'], []], 'for good where there is no other')
  assert.deepEqual(place({}, [cordoned[0]!]), [[], []], 'none comes to it')
})

test('a node may be dark for five minutes before its relay moves, and gets none while it is', () => {
  const dark = (since: number) => nodeOf('a', { ready: false, since })
  assert.deepEqual(place({}, [dark(now - 4 * minute), nodeOf('b')], ['a']), [['a'], []])
  assert.deepEqual(place({}, [dark(now - 6 * minute), nodeOf('b')], ['a']), [['b'], ['a']])
  assert.deepEqual(place({}, [dark(now - minute)]), [[], []])
})

test('labels and taints say which nodes are meant', () => {
  const edge = nodeOf('a', { labels: { role: 'edge' } })
  assert.deepEqual(place({ nodeSelector: { role: 'edge' }, replicas: 2 }, [edge, nodeOf('b')], ['b']), [['a'], ['b']])
  const tainted = (effect: string, key = 'dedicated') => nodeOf('a', { taints: [{ key, value: 'turn', effect }] })
  assert.deepEqual(place({}, [tainted('NoSchedule')]), [[], []])
  assert.deepEqual(place({}, [tainted('PreferNoSchedule')]), [['a'], []])
  assert.deepEqual(place({}, [tainted('NoExecute', 'node.kubernetes.io/unreachable')]), [['a'], []], 'judged by Ready')
  const cases: [object, boolean][] = [
    [{ key: 'dedicated', value: 'turn' }, true],
    [{ key: 'dedicated', value: 'turn', effect: 'NoSchedule' }, true],
    [{ key: 'dedicated', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ key: 'dedicated', value: 'mail' }, false],
    [{ key: 'dedicated', value: 'turn', effect: 'NoExecute' }, false],
    [{ key: 'other', operator: 'Exists' }, false],
    [{ value: 'turn' }, false],
  ]
  for (const [toleration, tolerated] of cases)
    assert.equal(
      place({ tolerations: [toleration] }, [tainted('NoSchedule')])[0]!.length,
      Number(tolerated),
      JSON.stringify(toleration),
    )
})

const parts: fc.Arbitrary<NodeParts> = fc.record({
  cordoned: fc.boolean(),
  ready: fc.boolean(),
  since: fc.constantFrom(now - minute, now - 10 * minute),
  labels: fc.constantFrom<Record<string, string>>({}, { role: 'edge' }),
})
const cluster = fc.record({
  nodes: fc.array(parts, { maxLength: 6 }).map((all) => all.map((each, index) => nodeOf(`n${index}`, each))),
  current: fc.subarray(['n0', 'n1', 'n2', 'n3', 'n4', 'n5']),
  turn: fc.record({ replicas: fc.integer({ min: 1, max: 4 }), nodeSelector: fc.constantFrom({}, { role: 'edge' }) }),
  order: fc.infiniteStream(fc.nat()),
})

test('whatever the cluster is like: never too many, stable, the same for every order of nodes, and nothing fit is passed over', () => {
  fc.assert(
    fc.property(cluster, ({ nodes, current, turn, order }) => {
      const had = new Set(current.filter((name) => nodes.some(({ metadata }) => metadata.name === name)))
      const run = (all: readonly Node[], from: ReadonlySet<string>): Placement =>
        placeRelays(specOf(turn), all, from, now)
      const { chosen, leaving } = run(nodes, had)
      assert.ok(chosen.length <= turn.replicas)
      assert.deepEqual(
        namesOf([...chosen, ...leaving])
          .filter((name) => had.has(name))
          .sort(),
        [...had].sort(),
        'each that has one stays or leaves',
      )
      const keys = new Map(nodes.map((node) => [node, order.next().value as number]))
      const shuffled = [...nodes].sort((a, b) => keys.get(a)! - keys.get(b)!)
      assert.deepEqual(run(shuffled, had), { chosen, leaving })
      // Once the chosen have theirs and those that leave are gone, everything stays where it is.
      const next = run(nodes, new Set(namesOf(chosen)))
      const fitToStart = (node: Node): boolean => chosen.includes(node) && !next.chosen.includes(node)
      assert.deepEqual(namesOf(chosen.filter(fitToStart)), [])
      const idle = nodes.filter((node) => {
        const meant = Object.keys(turn.nodeSelector).length === 0 || node.metadata.labels?.role === 'edge'
        return (
          meant && !node.spec!.unschedulable && node.status!.conditions![0]!.status === 'True' && !chosen.includes(node)
        )
      })
      if (chosen.length < turn.replicas) assert.deepEqual(namesOf(idle), [])
    }),
    { numRuns: 500 },
  )
})
