import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverOf } from '../../test/support/operator/a-server.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { KubernetesObject } from '../render/objects.ts'
import { belongsTo, domainAnnotation, hashAnnotation, isKeepsake, wireForm } from './wire.ts'

const labels = { 'app.kubernetes.io/instance': 'chat', 'app.kubernetes.io/managed-by': 'chatmail-operator' }
const secret = (name: string, stringData: Record<string, string> = { key: 'text' }): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'mail', labels },
  type: 'Opaque',
  stringData,
})
const keepsakes = ['chat-turn-keyring', 'chat-tls']
const [retain, remove] = (['Retain', 'Delete'] as const).map((deletionPolicy) => serverOf({ deletionPolicy }))

test('secrets are told in base64, and with nothing else of their text', () => {
  const wire = wireForm(retain!, 'uid-1', secret('chat-turn-keyring', { 'keyring.json': 'püré' }))
  assert.deepEqual(wire.data, { 'keyring.json': Buffer.from('püré').toString('base64') })
  assert.ok(!JSON.stringify({ ...wire, data: {} }).includes('püré'))
  assert.equal(wire.stringData, undefined)
})

test('what is worth keeping is owned by nobody unless it is to go with the server', () => {
  for (const name of keepsakes) {
    assert.ok(isKeepsake(retain!, secret(name)))
    const kept = wireForm(retain!, 'uid-1', secret(name)).metadata
    assert.deepEqual([kept.ownerReferences, kept.annotations![domainAnnotation]], [undefined, 'chat.example.org'])
    assert.equal(wireForm(remove!, 'uid-1', secret(name)).metadata.ownerReferences?.[0]?.uid, 'uid-1')
  }
  const [owner] = wireForm(retain!, 'uid-1', secret('chat-management-token')).metadata.ownerReferences!
  assert.deepEqual([owner!.kind, owner!.name, owner!.controller], ['ChatmailServer', 'chat', true])
})

test('the hash is of what is desired: the same again, another for any change', () => {
  const hash = (object: KubernetesObject, server = retain!, uid = 'uid-1') =>
    wireForm(server, uid, object).metadata.annotations![hashAnnotation]
  const base = hash(secret('x'))
  assert.match(base!, /^[0-9a-f]{16}$/)
  assert.equal(hash(structuredClone(secret('x'))), base)
  const annotated = secret('x')
  annotated.metadata.annotations = { more: 'yes' }
  const others = [
    hash(secret('y')),
    hash(secret('x', { key: 'texu' })),
    hash(annotated),
    hash(secret('x'), retain!, 'uid-2'),
  ]
  assert.equal(new Set([base, ...others]).size, 5)
  assert.notEqual(hash(secret('chat-tls'), retain!), hash(secret('chat-tls'), remove!))
})

test('whose an object is: by owner, by labels where it has none, and of the same domain where it outlives servers', () => {
  const live = (name: string, metadata: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'mail', ...metadata },
  })
  const owners = (uid: string) => [{ apiVersion: 'v1', kind: 'X', name: 'x', uid }]
  const mine = (object: KubeObject): boolean => belongsTo(retain!, 'uid-1', object)
  const domain = (name: string) => ({ annotations: { [domainAnnotation]: name } })
  assert.ok(mine(live('x', { ownerReferences: owners('uid-1') })))
  assert.ok(
    !mine(live('x', { labels, ownerReferences: owners('uid-0') })),
    'of a server before, which is being deleted',
  )
  assert.ok(mine(live('x', { labels })))
  assert.ok(!mine(live('x', { labels: { ...labels, 'app.kubernetes.io/instance': 'other' } })))
  assert.ok(!mine(live('x', { labels: { ...labels, 'app.kubernetes.io/managed-by': 'Helm' } })))
  assert.ok(!mine(live('x', {})))
  for (const name of keepsakes) {
    assert.ok(mine(live(name, domain('chat.example.org'))), 'from a server of this domain')
    assert.ok(!mine(live(name, { labels, ...domain('other.example.org') })))
    assert.ok(!mine(live(name, { labels })))
  }
})
