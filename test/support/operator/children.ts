/** What an operator has made, as a test compares it: without what is another each time. */
import assert from 'node:assert/strict'
import type { KubeClient } from '../../../operator/kube/client.ts'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import { childResources, idOf } from '../../../operator/reconcile/resources.ts'
import { covers } from '../../../operator/reconcile/settled.ts'
import { hashAnnotation } from '../../../operator/reconcile/wire.ts'

const labelSelector = 'app.kubernetes.io/managed-by=chatmail-operator'

export const children = async (client: KubeClient): Promise<KubeObject[]> => {
  const lists = childResources.map((of) => client.list(of, { namespace: 'default', labelSelector }))
  return (await Promise.all(lists)).flatMap(({ items }) => items)
}

/** What the API server gives out anew when an object is made again. */
const given = new Set(['nodePort', 'clusterIP', 'clusterIPs', 'healthCheckNodePort'])

/** A pod that is made again has another address, under which mail reaches its relay. */
const withoutPods = (text: string): string => text.replace(/"handOver": \{[^}]*\}/g, '"handOver": {}')

/** The hash, which holds that address too, as far as it is one. */
const withoutHash = ({ [hashAnnotation]: hash = '', ...annotations }: Record<string, string> = {}) => ({
  ...annotations,
  [hashAnnotation]: hash.replace(/^[0-9a-f]{16}$/, 'hash'),
})

const shapeOf = ({ metadata, spec, data }: KubeObject): unknown => {
  const { labels, ownerReferences: owners } = metadata
  const parts = { labels, annotations: withoutHash(metadata.annotations), owners, spec, data }
  return JSON.parse(JSON.stringify(parts), (key, each) =>
    given.has(key) ? undefined : typeof each === 'string' ? withoutPods(each) : each,
  )
}

export type Shapes = ReadonlyMap<string, unknown>

export const shapesOf = (objects: readonly KubeObject[]): Shapes =>
  new Map(objects.map((object) => [idOf(object), shapeOf(object)]))

/** Every object that is wanted is there, with all that it had, and no other. */
export const assertSame = (live: Shapes, wanted: Shapes): void => {
  assert.deepEqual([...live.keys()].sort(), [...wanted.keys()].sort())
  for (const [id, shape] of wanted) assert.ok(covers(live.get(id), shape), `${id}: ${JSON.stringify(live.get(id))}`)
}
