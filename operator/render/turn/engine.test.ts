// Engine Coturn: another command and image, the same files.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersion, kind, parseServer } from '../../api/chatmail-server.ts'
import { type Facts, outsideACluster, type TurnNode } from '../facts.ts'
import type { Workload } from '../objects.ts'
import { coturnImage } from './engine.ts'
import { turnWorkload } from './workload.ts'

const node: TurnNode = {
  name: 'one',
  hostname: 'one',
  listen: ['192.0.2.1'],
  ipv4: '192.0.2.1',
  ipv6: null,
  publicIpv4: '203.0.113.7',
  publicIpv6: null,
}

const facts: Facts = {
  platform: 'cluster',
  image: 'registry.example.org:5000/chatmail-operator:1.2.3',
  publicHost: 'chat.example.org',
  listenAddress: '::',
  managementAddress: '::',
  certificate: { secretName: 'chat-tls', issuer: null, pem: null, selfSigned: true },
  keyring: '',
  managementToken: '',
  turnNodes: [node],
  ...outsideACluster,
  turnEndpoints: [],
  irohUrl: null,
}

const relay = (spec: { turn?: object; image?: string } = {}): Workload => {
  const parsed = parseServer({
    apiVersion,
    kind,
    metadata: { name: 'chat', namespace: 'mail' },
    spec: { domain: 'chat.example.org', ...spec },
  })
  assert.ok(parsed.ok)
  return turnWorkload(parsed.server, facts, node, '{}')
}

const pod = ({ spec }: Workload) => spec.template.spec
const container = (workload: Workload) => pod(workload).containers[0]!

test('coturn runs by its own command and image, on the same files and ports, with its data in memory', () => {
  const [builtin, coturn] = [relay(), relay({ turn: { engine: 'Coturn' } })]
  assert.deepEqual(container(coturn).command, ['chatmail', 'coturn', ...container(builtin).command.slice(2)])
  assert.equal(container(coturn).image, 'registry.example.org:5000/chatmail-operator:1.2.3-coturn')
  const same = { command: null, image: null }
  assert.deepEqual({ ...container(coturn), ...same }, { ...container(builtin), ...same })
  const [mounts, data] = pod(coturn).volumes
  assert.deepEqual(mounts, pod(builtin).volumes[0])
  assert.deepEqual(data, { name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } })
  assert.deepEqual(coturn.metadata, builtin.metadata)
})

test('the image that is given is the one, else it follows that of the server', () => {
  const image = 'registry.example.org/other:7'
  assert.equal(container(relay({ turn: { engine: 'Coturn', coturn: { image } } })).image, image)
  assert.equal(container(relay({ turn: { engine: 'Coturn' }, image })).image, `${image}-coturn`)
  assert.equal(container(relay({ turn: { coturn: { image } } })).image, facts.image)
})

test('the tag of the image with coturn', () => {
  assert.equal(coturnImage('a/b:1'), 'a/b:1-coturn')
  assert.equal(coturnImage('localhost:5000/b'), 'localhost:5000/b:latest-coturn')
  assert.equal(coturnImage('a/b:1@sha256:00'), 'a/b:1-coturn')
  assert.equal(coturnImage('a/b@sha256:00'), 'a/b:latest-coturn')
})
