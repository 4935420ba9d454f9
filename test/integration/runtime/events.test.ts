import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Registry } from 'prom-client'
import { KubeClient } from '../../../operator/kube/client.ts'
import type { KubeObject, Resource } from '../../../operator/kube/objects.ts'
import { events } from '../../../operator/runtime/event.ts'
import { EventRecorder, type EventRecorderOptions } from '../../../operator/runtime/events.ts'
import { ApiServer, apiServerMissing } from '../../support/api-server.ts'

const skip = apiServerMissing()
const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }

type Event = KubeObject & { note: string; reason: string; type: string; series?: { count: number } }

let server: ApiServer
let client: KubeClient

before(async () => {
  if (skip) return
  server = await ApiServer.start()
  client = KubeClient.fromConfig({ kubeconfig: server.kubeconfig })
})
after(async () => {
  await client?.close()
  await server?.stop()
})

const recorder = (options: Partial<EventRecorderOptions> = {}) => {
  const metrics = new Registry()
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const recorder = new EventRecorder({
    client,
    controller: 'example.org/test',
    instance: 'pod-1',
    log,
    metrics,
    ...options,
  })
  return { recorder, metrics }
}

const made = (name: string): Promise<KubeObject> =>
  client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })

const about = async (name: string): Promise<Event[]> => {
  const { items } = await client.list<Event>(events, { namespace: 'default' })
  return items.filter(({ regarding }) => (regarding as { name: string }).name === name)
}

test('what is said once is one event, what is said often one with a count', { skip }, async () => {
  const object = await made('told')
  const { recorder: told } = recorder()
  told.record(object, 'Normal', 'Started', 'it has begun', 'Start')
  for (let i = 0; i < 50; i++) told.record(object, 'Warning', 'Broken', 'it broke')
  await told.stop()
  const found = await about('told')
  assert.deepEqual(found.map(({ reason, type, note, series }) => [reason, type, note, series?.count ?? 1]).sort(), [
    ['Broken', 'Warning', 'it broke', 50],
    ['Started', 'Normal', 'it has begun', 1],
  ])
  assert.match(await server.kubectl(['events', '--for=ConfigMap/told']), /Broken .*it broke/)
  assert.match(await server.kubectl(['describe', 'configmap', 'told']), /Warning +Broken .*it broke/)
})

test('a count goes on in the same event, until it has been quiet for long', { skip }, async () => {
  const object = await made('again')
  const clock = { now: Date.now() }
  const { recorder: told } = recorder({ wallClock: () => clock.now, patchMs: 1000, seriesMs: 60_000 })
  const once = async (count: number): Promise<void> => {
    told.record(object, 'Warning', 'Broken', 'it broke')
    await told.flushed()
    assert.deepEqual((await about('again')).map(({ series }) => series?.count ?? 1).sort(), [count])
  }
  await once(1)
  await once(2)
  // Soon after, it is only counted.
  await once(2)
  clock.now += 1001
  await once(4)
  clock.now += 60_001
  told.record(object, 'Warning', 'Broken', 'it broke')
  await told.stop()
  assert.deepEqual((await about('again')).map(({ series }) => series?.count ?? 1).sort(), [1, 4])
})

test('an event that is gone is told anew, one that is refused is dropped', { skip }, async () => {
  const object = await made('gone')
  const { recorder: told, metrics } = recorder()
  told.record(object, 'Normal', 'Changed', 'it changed')
  await told.flushed()
  const [first] = await about('gone')
  await client.delete(events, { namespace: 'default', name: first!.metadata.name })
  told.record(object, 'Normal', 'Changed', 'it changed')
  await told.flushed()
  assert.deepEqual(
    (await about('gone')).map(({ series }) => series?.count),
    [2],
  )
  const nowhere = { ...object, metadata: { name: 'x', namespace: 'no-such-namespace' } }
  told.record(nowhere, 'Normal', 'Changed', 'it changed')
  await told.stop()
  assert.match(await metrics.metrics(), /events_dropped_total 1/)
})

test('long texts are cut to what the API takes', { skip }, async () => {
  const object = await made(`${'long.'.repeat(40)}name`)
  const { recorder: told } = recorder({ instance: 'i'.repeat(300) })
  told.record(object, 'Normal', 'R'.repeat(200), 'ü'.repeat(2000), 'A'.repeat(200))
  await told.stop()
  const [event] = await about(object.metadata.name)
  assert.match(event!.note, /^ü+…$/)
})

test('more than can be told is dropped, not kept', { skip }, async () => {
  const object = await made('flood')
  const { recorder: told, metrics } = recorder({ capacity: 5 })
  for (let i = 0; i < 20; i++) told.record(object, 'Normal', 'Flood', `number ${i}`)
  await told.stop()
  assert.equal((await about('flood')).length, 5)
  assert.match(await metrics.metrics(), /events_dropped_total 15/)
})
