import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { eventually } from '../../test/support/eventually.ts'
import type { Change } from './changes.ts'
import { ApiError, WatchFormatError } from './errors.ts'
import type { KubeObject, Resource } from './objects.ts'
import { Reflector, type ReflectorOptions } from './reflector.ts'
import type { WatchEvent } from './watch.ts'

const things: Resource = { apiVersion: 'example.org/v1', kind: 'Thing', plural: 'things', namespaced: true }

type Fault = 'gone' | 'busy' | 'broken' | 'garbage' | 'ended'

const failures: Record<Exclude<Fault, 'ended'>, () => Error> = {
  gone: () => new ApiError(410, { reason: 'Expired' }),
  busy: () => new ApiError(429, { reason: 'TooManyRequests' }),
  broken: () => Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
  garbage: () => new WatchFormatError('a line of the watch is not JSON'),
}

/** What an API server keeps: objects, and the changes since the last compaction. */
class Model {
  version = 1
  objects = new Map<string, KubeObject>()
  faults: Fault[] = []
  #history: { version: number; event: WatchEvent<KubeObject> }[] = []
  #compacted = 0
  #uids = 0
  #changed = Promise.withResolvers<void>()

  put(name: string): void {
    const old = this.objects.get(name)
    this.#write(old ? 'MODIFIED' : 'ADDED', name, old?.metadata.uid ?? `uid-${++this.#uids}`)
  }

  remove(name: string): void {
    const old = this.objects.get(name)
    if (!old) return
    this.#write('DELETED', name, old.metadata.uid!)
    this.objects.delete(name)
  }

  compact(): void {
    this.#history = []
    this.#compacted = this.version
  }

  /** As when etcd is put back from a backup: older objects, smaller versions. */
  putBack(): void {
    this.version = 1
    this.#compacted = 0
    this.#history = []
    this.objects.clear()
    this.put('from-backup')
  }

  break(fault: Fault): void {
    this.faults.push(fault)
    this.#wake()
  }

  async list(): Promise<{ items: KubeObject[]; resourceVersion: string }> {
    await turn()
    const fault = this.faults.shift()
    if (fault && fault !== 'ended') throw failures[fault]()
    return { items: [...this.objects.values()], resourceVersion: String(this.version) }
  }

  async *watch(_: Resource, options: { resourceVersion: string; signal?: AbortSignal; onOpen?: () => void }) {
    await turn()
    let seen = Number(options.resourceVersion)
    if (seen < this.#compacted) throw failures.gone()
    options.onOpen?.()
    const aborted = new Promise<void>((resolve) => options.signal?.addEventListener('abort', () => resolve()))
    while (!options.signal?.aborted) {
      const fault = this.faults.shift()
      if (fault === 'ended') return
      if (fault) throw failures[fault]()
      // A server says nothing to who is ahead of it, and the silence is noticed.
      if (seen > this.version) throw Object.assign(new Error('silence'), { code: 'UND_ERR_BODY_TIMEOUT' })
      // What was compacted before it could be told is never told: the watch ends, as a real one does.
      if (seen < this.#compacted) throw failures.gone()
      for (const { version, event } of this.#history.filter((entry) => entry.version > seen)) {
        seen = version
        yield event
      }
      if (this.faults.length === 0) await Promise.race([this.#changed.promise, aborted])
    }
  }

  #write(type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, uid: string): void {
    const version = ++this.version
    const metadata = { namespace: 'ns', name, uid, resourceVersion: String(version), managedFields: [{}] }
    const object: KubeObject = { apiVersion: things.apiVersion, kind: things.kind, metadata }
    this.objects.set(name, object)
    this.#history.push({ version, event: { type, object } })
    this.#wake()
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** What somebody knows who has only listened. */
class Follower {
  readonly known = new Map<string, KubeObject>()
  readonly take = ({ type, object, old }: Change<KubeObject>): void => {
    const { name, uid } = object.metadata
    const before = this.known.get(name)
    if (type === 'added') assert.equal(before, undefined, `${name} is added twice`)
    else assert.ok(before, `${name} is ${type} and was never added`)
    if (type !== 'added') assert.equal(before!.metadata.uid, uid)
    assert.equal(old, before)
    if (type === 'deleted') this.known.delete(name)
    else this.known.set(name, object)
  }
}

const follow = (model: Model, options: Partial<ReflectorOptions<KubeObject>> = {}) => {
  const problems: Error[] = []
  const reflector = new Reflector<KubeObject>({
    client: model as unknown as ReflectorOptions<KubeObject>['client'],
    resource: things,
    backoff: { baseMs: 0.1, maxMs: 1 },
    onProblem: (error) => problems.push(error),
    ...options,
  })
  const follower = new Follower()
  reflector.onChange(follower.take)
  return { reflector, follower, problems }
}

const identities = (objects: Iterable<KubeObject>): string[] =>
  [...objects].map(({ metadata: { name, uid, resourceVersion } }) => `${name} ${uid} ${resourceVersion}`).sort()

type Step = { act: (model: Model) => void; told: string }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'b', 'c').map((name) => ({ told: `put ${name}`, act: (m: Model) => m.put(name) })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('a', 'b', 'c')
      .map((name) => ({ told: `remove ${name}`, act: (m: Model) => m.remove(name) })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<Fault>('gone', 'busy', 'broken', 'garbage', 'ended')
      .map((fault) => ({ told: fault, act: (m: Model) => m.break(fault) })),
  },
  { weight: 1, arbitrary: fc.constant({ told: 'compact', act: (m: Model) => m.compact() }) },
)

test('whatever happens, the copy and what listeners were told become what the server has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 30 }), async (steps) => {
      const model = new Model()
      const { reflector, follower } = follow(model)
      model.put('first')
      reflector.start()
      for (const [{ act }, pause] of steps) {
        act(model)
        if (pause) await turn()
      }
      try {
        await eventually(() => {
          assert.deepEqual(identities(reflector.list()), identities(model.objects.values()))
          assert.deepEqual(identities(follower.known.values()), identities(model.objects.values()))
        })
      } finally {
        await reflector.stop()
      }
    }),
    { numRuns: 60 },
  )
})

test('a listener or a transformation that throws is a problem told, no more', async (t) => {
  const model = new Model()
  const { reflector, follower, problems } = follow(model, {
    transform: (object) => {
      if (object.metadata.name === 'odd') throw new Error('of the transformation')
      return { ...object, reduced: true }
    },
  })
  t.after(() => reflector.stop())
  reflector.onChange(() => {
    throw new Error('of the listener')
  })
  model.put('even')
  reflector.start()
  await reflector.synced
  model.put('odd')
  await eventually(() => assert.equal(reflector.list().length, 2))
  assert.deepEqual(
    new Set(problems.map(({ message }) => message)),
    new Set(['of the listener', 'of the transformation']),
  )
  assert.equal(reflector.get({ namespace: 'ns', name: 'even' })?.reduced, true)
  assert.equal(follower.known.size, 2)
  assert.ok(reflector.list().every(({ metadata }) => !('managedFields' in metadata)))
})

test('a server that was put back to an older state is noticed', async (t) => {
  const model = new Model()
  const { reflector, follower } = follow(model)
  t.after(() => reflector.stop())
  for (const name of ['a', 'b', 'c']) model.put(name)
  reflector.start()
  await reflector.synced
  model.putBack()
  model.break('broken')
  await eventually(() => assert.deepEqual([...follower.known.keys()], ['from-backup']))
})

test('a server that ends each watch at once is not asked without a pause', async (t) => {
  const model = new Model()
  let watches = 0
  let pauses = 0
  const client = {
    list: async () => ({ items: [], resourceVersion: '1' }),
    watch: () => {
      watches++
      return []
    },
  }
  const { reflector } = follow(model, {
    client: client as unknown as ReflectorOptions<KubeObject>['client'],
    random: () => {
      pauses++
      return 1
    },
  })
  t.after(() => reflector.stop())
  reflector.start()
  await eventually(() => assert.ok(watches >= 5))
  assert.ok(pauses >= watches - 1)
})

test('after the end nothing is told any more', async () => {
  const model = new Model()
  const { reflector, follower } = follow(model)
  reflector.start()
  await reflector.synced
  await reflector.stop()
  model.put('late')
  await turn()
  assert.equal(follower.known.size, 0)
})
