// The operator on an API server that refuses, loses answers, cuts watches and restarts, while people edit at random.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import { KubeClient } from '../../../operator/kube/client.ts'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import type { RunningOperator } from '../../../operator/reconcile/operator.ts'
import { resourceOf } from '../../../operator/reconcile/resources.ts'
import { ApiProxy } from '../../support/api-proxy.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { brisk, OperatorBed } from '../../support/operator/bed.ts'
import { assertSame, children, shapesOf } from '../../support/operator/children.ts'
import { assertDiscreet } from '../../support/operator/discretion.ts'
import { countedClient } from '../../support/operator/writes.ts'

const skip = apiServerMissing()
const names = ['one', 'two', 'three'] as const
const metrics = new Registry()
let bed: OperatorBed
let proxy: ApiProxy
let client: KubeClient
let operator: RunningOperator

/** The faults of a run are those of its seed. */
const seeded = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

type Spec = { exposure: object; turn: object; mail: object }
const calm: Spec = { exposure: { type: 'ClusterIP' }, turn: { replicas: 2 }, mail: {} }
const apply = (name: string, spec: Spec = calm) => bed.apply(name, { domain: `${name}.example.org`, ...spec })

before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  proxy = await ApiProxy.start(bed.api, seeded(7))
  client = KubeClient.fromConfig({ kubeconfig: proxy.kubeconfig, metrics })
  operator = await bed.operate({ client, metrics, pace: brisk })
  for (const name of names) await apply(name)
  // With one relay of two a server is ready.
  for (const name of names)
    for (const type of ['Ready', 'Reconciling']) await bed.until(name, type, type === 'Ready' ? 'True' : 'absent')
})
after(async () => {
  await operator?.stop()
  await client?.close()
  await proxy?.stop()
  await bed?.stop()
})

type Edit = { what: 'child' | 'spec' | 'label'; index: number; name: (typeof names)[number]; spec: Spec }
const edit: fc.Arbitrary<Edit> = fc.record({
  what: fc.constantFrom('child', 'spec', 'label'),
  index: fc.nat(1000),
  name: fc.constantFrom(...names),
  spec: fc.record({
    exposure: fc.record({ type: fc.constantFrom('ClusterIP', 'NodePort', 'HostNetwork') }),
    turn: fc.record({ replicas: fc.constantFrom(1, 2), enabled: fc.boolean() }),
    mail: fc.record({ comment: fc.constantFrom('hello', 'good bye') }),
  }),
})

/** Secrets and volumes are what nobody should delete; everything else may go. */
const isDear = ({ kind }: KubeObject): boolean => kind === 'Secret' || kind === 'PersistentVolumeClaim'

const perform = async (all: readonly KubeObject[], { what, index, name, spec }: Edit): Promise<void> => {
  if (what === 'spec') return void (await apply(name, spec))
  const object = all[index % all.length]!
  const ref = { namespace: 'default', name: object.metadata.name }
  if (what === 'child' && !isDear(object)) await bed.client.delete(resourceOf(object), ref)
  const labels = { 'app.kubernetes.io/component': `v${index}` }
  if (what === 'label') await bed.client.mergePatch(resourceOf(object), ref, { metadata: { labels } })
}

const storm = async (count: number, seed: number): Promise<void> => {
  const all = await children(bed.client)
  for (const each of fc.sample(edit, { numRuns: count, seed })) await perform(all, each).catch(() => {})
}

const sum = async (of: Registry, name: string): Promise<number> => {
  const { values } = await of.getSingleMetric(name)!.get()
  return values.reduce((all, { value }) => all + value, 0)
}
const passes = (of: Registry): Promise<number> => sum(of, 'controller_runtime_reconcile_total')

/** Runs while no pass does, as what a pass has written is not whole before its end. */
const betweenPasses = async (look: () => Promise<void>): Promise<void> => {
  const before = await passes(metrics)
  await look()
  assert.equal(await sum(metrics, 'controller_runtime_active_workers'), 0)
  assert.equal(await passes(metrics), before)
}

const assertDone = async (): Promise<void> => {
  for (const name of names) {
    const { metadata, status } = (await bed.server(name))!
    assert.equal(status?.observedGeneration, metadata.generation)
    const states = new Map(status?.conditions?.map(({ type, status }) => [type, status]))
    assert.equal(states.get('Ready'), 'True', name)
    assert.equal(states.get('Reconciling'), undefined, name)
  }
}

test('whatever the way to the API server does, all comes to what is rendered, and then nothing is written', {
  skip,
  timeout: 110_000,
}, async () => {
  const wanted = shapesOf(await children(bed.client))
  proxy.faults = {
    cutWatchesAfterMs: 2000,
    refuse: { rate: 0.1, statuses: [409, 410, 429, 500], retryAfterSeconds: 0 },
    refuseWatches: { rate: 0.2, status: 410 },
    loseAnswersRate: 0.05,
    garbageRate: 0.02,
  }
  await storm(80, 1)
  await bed.api.stopServer()
  await bed.api.startServer()
  await storm(80, 2)
  await eventually(() => {
    for (const fault of ['watch cut', 'refused', 'watch refused', 'answer lost', 'garbage'])
      assert.ok(proxy.injected[fault], `no ${fault}`)
  })
  proxy.faults = {}
  for (const name of names) await apply(name)
  await eventually(
    () =>
      betweenPasses(async () => {
        assertSame(shapesOf(await children(bed.client)), wanted)
        await assertDone()
      }),
    60_000,
  )

  await operator.stop()
  const counted = countedClient(bed.api.kubeconfig)
  const fresh = await bed.operate({ client: counted.client, metrics: counted.metrics })
  for (const name of names) await bed.lookAgain(name)
  await eventually(async () => assert.ok((await passes(counted.metrics)) >= 2 * names.length))
  assert.equal(await counted.writes(), 0, counted.written.join())
  await fresh.stop()
  await counted.client.close()
})

const values = async (name: string): Promise<{ value: number; labels: Record<string, unknown> }[]> =>
  (await metrics.getSingleMetric(name)!.get()).values as { value: number; labels: Record<string, unknown> }[]

test('the figures of that time add up', { skip }, async () => {
  const calls = await values('rest_client_requests_total')
  for (const code of ['409', '429', '500', '<error>'])
    assert.ok(
      calls.some(({ labels, value }) => labels.code === code && value > 0),
      `no call with ${code}`,
    )
  const results = await values('controller_runtime_reconcile_total')
  const count = (result: string): number => results.find(({ labels }) => labels.result === result)?.value ?? 0
  assert.ok(count('error') > 0 && count('error') < count('success') + count('requeue_after'), JSON.stringify(results))
  const errors = await values('controller_runtime_reconcile_errors_total')
  assert.equal(errors[0]?.value, count('error'))
  for (const name of ['workqueue_depth', 'controller_runtime_active_workers'])
    for (const { value } of await values(name)) assert.equal(value, 0, name)
})

test('no event storm, and nothing was told that must not be', { skip }, async () => {
  assert.deepEqual(bed.kubelet.problems, [])
  await assertDiscreet(bed)
})
