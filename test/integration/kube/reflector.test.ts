import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { KubeClient } from '../../../operator/kube/client.ts'
import type { KubeObject, Resource } from '../../../operator/kube/objects.ts'
import { Reflector, type ReflectorOptions } from '../../../operator/kube/reflector.ts'
import { ApiProxy } from '../../support/api-proxy.ts'
import { ApiServer, apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'

const skip = apiServerMissing()
const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }
const namespace = 'default'

const configMap = (name: string, value: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels: { of: 'test' } },
  data: { value },
})

let server: ApiServer
let direct: KubeClient
let proxy: ApiProxy

before(async () => {
  if (skip) return
  server = await ApiServer.start()
  direct = KubeClient.fromConfig({ kubeconfig: server.kubeconfig })
  proxy = await ApiProxy.start(server)
})
after(async () => {
  await proxy?.stop()
  await direct?.close()
  await server?.stop()
})

/** A reflector through the proxy, and whatever it is told. */
const reflect = async (options: Partial<ReflectorOptions<KubeObject>> = {}) => {
  const client = KubeClient.fromConfig({
    kubeconfig: proxy.kubeconfig,
    timeouts: { watchInactivityMs: 1500, headersMs: 1500, bodyMs: 1500 },
  })
  const reflector = new Reflector<KubeObject>({
    client,
    resource: configMaps,
    namespace,
    labelSelector: 'of=test',
    backoff: { baseMs: 10, maxMs: 100 },
    ...options,
  })
  const told: string[] = []
  reflector.onChange(({ type, object }) => told.push(`${type} ${object.metadata.name}`))
  reflector.start()
  await reflector.synced
  const stop = async () => {
    proxy.faults = {}
    await reflector.stop()
    await client.close()
    for (const { metadata } of (await direct.list(configMaps, { namespace, labelSelector: 'of=test' })).items)
      await direct.delete(configMaps, { namespace, name: metadata.name })
  }
  return { reflector, told, stop }
}

const states = (objects: readonly KubeObject[]): string[] =>
  objects.map(({ metadata: { name, uid, resourceVersion } }) => `${name} ${uid} ${resourceVersion}`).sort()

const converges = (reflector: Reflector<KubeObject>) =>
  eventually(async () => {
    const { items } = await direct.list(configMaps, { namespace, labelSelector: 'of=test' })
    assert.deepEqual(states(reflector.list()), states(items))
  })

/** Objects that come, change, go, and come back under their names. */
const churn = async (steps: number, random: () => number): Promise<void> => {
  for (let i = 0; i < steps; i++) {
    const name = `churn-${Math.floor(random() * 12)}`
    if (random() < 0.3) await direct.delete(configMaps, { namespace, name })
    else await direct.apply(configMaps, configMap(name, String(i)), { manager: 'test', force: true })
  }
}

/** The same numbers in each run: mulberry32. */
const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

test('through cut watches, refusals and garbage the copy becomes what the server has', { skip }, async (t) => {
  proxy.faults = {
    cutWatchesAfterMs: 60,
    refuse: { rate: 0.3, statuses: [410, 429, 500], retryAfterSeconds: 0 },
    refuseWatches: { rate: 0.2, status: 410 },
    garbageRate: 0.05,
  }
  const { reflector, stop } = await reflect()
  t.after(stop)
  const random = seeded(1)
  const kinds = ['watch cut', 'refused', 'watch refused', 'garbage']
  const isMissing = (kind: string) => (proxy.injected[kind] ?? 0) < 3
  for (let round = 0; round < 100 && kinds.some(isMissing); round++) await churn(40, random)
  assert.deepEqual(kinds.filter(isMissing), [], JSON.stringify(proxy.injected))
  await converges(reflector)
})

test('a watch that went silent is noticed', { skip }, async (t) => {
  const { reflector, stop } = await reflect()
  t.after(stop)
  proxy.faults = { silentWatches: true }
  await churn(20, seeded(2))
  await eventually(() => assert.ok(proxy.injected['watch silent']! > 0))
  proxy.faults = {}
  await converges(reflector)
})

test('an API server that goes away and comes back is followed on', { skip }, async (t) => {
  const problems: Error[] = []
  const { reflector, told, stop } = await reflect({ onProblem: (error) => problems.push(error) })
  t.after(stop)
  await direct.create(configMaps, configMap('before', '1'))
  await eventually(() => assert.ok(told.includes('added before')))
  await server.restart()
  await direct.create(configMaps, configMap('afterwards', '1'))
  await eventually(() => assert.ok(told.includes('added afterwards')))
  await converges(reflector)
  assert.ok(problems.length > 0)
  assert.equal(told.filter((change) => change === 'added before').length, 1)
})

test('an object that was replaced behind its back is another one', { skip }, async (t) => {
  const { reflector, told, stop } = await reflect()
  t.after(stop)
  await direct.create(configMaps, configMap('same-name', '1'))
  await eventually(() => assert.deepEqual(told, ['added same-name']))
  // Neither the old watch nor a new one tells what happens; the next list does.
  proxy.faults = { refuseWatches: { rate: 1, status: 410 } }
  proxy.cutAll()
  await direct.delete(configMaps, { namespace, name: 'same-name' })
  await direct.create(configMaps, configMap('same-name', '2'))
  await eventually(() => assert.deepEqual(told, ['added same-name', 'deleted same-name', 'added same-name']))
  await converges(reflector)
})

test('only what is selected is told, and what no longer is goes', { skip }, async (t) => {
  const { reflector, told, stop } = await reflect({ indexedLabels: ['of'] })
  t.after(stop)
  await direct.create(configMaps, configMap('selected', '1'))
  await eventually(() => assert.deepEqual(told, ['added selected']))
  assert.equal(reflector.list({ namespace, labels: { of: 'test' } }).length, 1)
  const ref = { namespace, name: 'selected' }
  await direct.mergePatch(configMaps, ref, { metadata: { labels: { of: 'something-else' } } })
  await eventually(() => assert.deepEqual(told, ['added selected', 'deleted selected']))
  await direct.delete(configMaps, ref)
})
