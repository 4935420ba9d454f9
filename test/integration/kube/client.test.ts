import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Registry } from 'prom-client'
import { KubeClient } from '../../../operator/kube/client.ts'
import { isAlreadyExists, isConflict, isFieldConflict, isForbidden, isInvalid } from '../../../operator/kube/errors.ts'
import type { KubeObject, Resource } from '../../../operator/kube/objects.ts'
import { ApiServer, apiServerMissing } from '../../support/api-server.ts'

const skip = apiServerMissing()
const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }
const namespaces: Resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }
const deployments: Resource = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true }

type ConfigMap = KubeObject & { data?: Record<string, string> }

const configMap = (name: string, data: Record<string, string>, namespace = 'default'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
})

const metrics = new Registry()
const warnings: string[] = []
let server: ApiServer
let client: KubeClient

before(async () => {
  if (skip) return
  server = await ApiServer.start()
  client = KubeClient.fromConfig({
    kubeconfig: server.kubeconfig,
    metrics,
    onWarning: (text) => warnings.push(text),
  })
})
after(async () => {
  await client?.close()
  await server?.stop()
})

test('objects come and go', { skip }, async () => {
  const ref = { namespace: 'default', name: 'plain' }
  assert.equal(await client.get(configMaps, ref), null)
  const made = await client.create<ConfigMap>(configMaps, configMap('plain', { a: '1' }))
  assert.equal(made.data?.a, '1')
  await assert.rejects(client.create(configMaps, configMap('plain', {})), isAlreadyExists)
  const patched = await client.mergePatch<ConfigMap>(configMaps, ref, { data: { b: '2' } })
  assert.deepEqual(patched.data, { a: '1', b: '2' })
  await assert.rejects(client.replace(configMaps, { ...made, data: {} }), isConflict)
  const replaced = await client.replace<ConfigMap>(configMaps, { ...patched, data: { c: '3' } })
  assert.deepEqual(replaced.data, { c: '3' })
  await assert.rejects(client.delete(configMaps, ref, { uid: 'another' }), isConflict)
  assert.equal(await client.delete(configMaps, ref, { uid: made.metadata.uid! }), true)
  assert.equal(await client.delete(configMaps, ref), false)
})

test('a list is read in pages and each item says what it is', { skip }, async () => {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'paged' } })
  const names = Array.from({ length: 25 }, (_, i) => `page-${i}`)
  await Promise.all(names.map((name) => client.create(configMaps, configMap(name, {}, 'paged'))))
  await client.mergePatch(configMaps, { namespace: 'paged', name: 'page-3' }, { metadata: { labels: { odd: 'yes' } } })

  const calls = async () => {
    const { values } = await metrics.getSingleMetric('rest_client_requests_total')!.get()
    return values.find(({ labels }) => labels.method === 'GET' && labels.code === '200')?.value ?? 0
  }
  const before = await calls()
  const { items, resourceVersion } = await client.list(configMaps, { namespace: 'paged', pageSize: 10 })
  assert.equal((await calls()) - before, 3)
  assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), names.sort())
  assert.ok(items.every(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'ConfigMap'))
  assert.match(resourceVersion, /^\d+$/)
  const odd = await client.list(configMaps, { labelSelector: 'odd=yes' })
  assert.deepEqual(
    odd.items.map(({ metadata }) => metadata.name),
    ['page-3'],
  )
  const one = await client.list(configMaps, { namespace: 'paged', fieldSelector: 'metadata.name=page-4' })
  assert.equal(one.items.length, 1)
})

test('an apply owns what it names, and only that', { skip }, async () => {
  const ours = { manager: 'ours', force: false }
  const name = 'owned'
  await client.apply(configMaps, configMap(name, { a: '1', b: '1' }), ours)
  await client.mergePatch(configMaps, { namespace: 'default', name }, { data: { theirs: '1' } })
  // What is no longer named goes, what others have added stays.
  const applied = await client.apply<ConfigMap>(configMaps, configMap(name, { a: '2' }), ours)
  assert.deepEqual(applied.data, { a: '2', theirs: '1' })

  const theirs = configMap(name, { a: '3' })
  await assert.rejects(client.apply(configMaps, theirs, { manager: 'theirs', force: false }), (error: unknown) => {
    assert.ok(isConflict(error) && isFieldConflict(error))
    assert.deepEqual(
      error.details?.causes?.map(({ field }) => field),
      ['.data.a'],
    )
    return true
  })
  const forced = await client.apply<ConfigMap>(configMaps, theirs, { manager: 'theirs', force: true })
  assert.equal(forced.data?.a, '3')
  // An object as it was read can be applied again.
  await client.apply(configMaps, forced, { manager: 'theirs', force: true })
})

test('a field that is not known here keeps its owner', { skip }, async () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'future', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'future' } },
      template: {
        metadata: { labels: { app: 'future' } },
        spec: { containers: [{ name: 'main', image: 'localhost/none:1' }] },
      },
    },
  }
  const unknown = { ...deployment, spec: { ...deployment.spec, notInThisVersion: true } }
  await assert.rejects(client.apply(deployments, unknown, { manager: 'ours', force: true }), /notInThisVersion/)
  await client.apply(deployments, deployment, { manager: 'ours', force: true })
})

test('the status is applied by another manager and leaves the rest alone', { skip }, async () => {
  const ref = { namespace: 'default', name: 'future' }
  const identity = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: ref }
  const status = { ...identity, status: { replicas: 3, readyReplicas: 2 } }
  await client.applyStatus(deployments, status, { manager: 'status', force: true })
  const read = await client.get<KubeObject & { status: { readyReplicas: number } }>(deployments, ref)
  assert.equal(read?.status.readyReplicas, 2)
  assert.equal(read?.metadata.generation, 1)
  const managers = (read!.metadata.managedFields as { manager: string; subresource?: string }[]).map(
    ({ manager, subresource = '' }) => `${manager} ${subresource}`.trim(),
  )
  assert.deepEqual(managers.sort(), ['ours', 'status status'])
})

test('what the server refuses says which field, and why', { skip }, async () => {
  await assert.rejects(client.create(configMaps, configMap('Not_A_Name', {})), (error: unknown) => {
    assert.ok(isInvalid(error))
    assert.equal(error.reason, 'Invalid')
    assert.equal(error.details?.causes?.[0]?.field, 'metadata.name')
    return true
  })
  await assert.rejects(async () => client.get(configMaps, { name: 'no-namespace' }), /metadata.namespace is missing/)
})

test('a user may do what RBAC grants', { skip }, async (t) => {
  const reader = KubeClient.fromConfig({ kubeconfig: server.userKubeconfig('reader', ['readers']) })
  t.after(() => reader.close())
  await assert.rejects(reader.list(configMaps), isForbidden)
  await server.kubectl(['create', 'clusterrole', 'reader', '--verb=get,list', '--resource=configmaps'])
  await server.kubectl(['create', 'clusterrolebinding', 'readers', '--clusterrole=reader', '--group=readers'])
  await assert.doesNotReject(reader.list(configMaps))
  await assert.rejects(reader.create(configMaps, configMap('refused', {})), isForbidden)
})

test('discovery tells the kinds of a group version', { skip }, async () => {
  const apps = await client.kindsOf('apps/v1')
  assert.ok(apps.has('Deployment') && !apps.has('Scale'))
  assert.ok((await client.kindsOf('v1')).has('Pod'))
  assert.equal((await client.kindsOf('cert-manager.io/v1')).size, 0)
})

test('warnings of the server are handed on', { skip }, async () => {
  const endpoints: Resource = { apiVersion: 'v1', kind: 'Endpoints', plural: 'endpoints', namespaced: true }
  await client.list(endpoints)
  assert.ok(warnings.some((text) => /Endpoints is deprecated/.test(text)))
})

test('an aborted call ends', { skip }, async () => {
  await assert.rejects(client.list(configMaps, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})
