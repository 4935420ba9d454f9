import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyring as keyringSchema } from '../../workloads/contract/keyring.ts'
import { mailConfig } from '../../workloads/contract/mail-config.ts'
import { relays } from '../../workloads/contract/relays.ts'
import { turnConfig } from '../../workloads/contract/turn-config.ts'
import { apiVersion, type ChatmailServer, kind, parseServer } from '../api/chatmail-server.ts'
import { firstKeyring } from '../turnkeys/first.ts'
import { type Facts, outsideACluster, type Platform, type TurnNode } from './facts.ts'
import { fileText } from './files.ts'
import { render } from './index.ts'
import type { ConfigMap, KubernetesObject, PodSpec, Secret, Service, Workload } from './objects.ts'
import { portRows } from './ports.ts'

const serverOf = (spec: object = {}): ChatmailServer => {
  const parsed = parseServer({
    apiVersion,
    kind,
    metadata: { name: 'chat', namespace: 'mail' },
    spec: { domain: 'chat.example.org', ...spec },
  })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.server
}

const node = (name: string): TurnNode => ({
  name,
  hostname: name,
  listen: ['10.0.0.1'],
  ipv4: '10.0.0.1',
  ipv6: null,
  publicIpv4: '203.0.113.7',
  publicIpv6: null,
})

const ring = fileText(firstKeyring((bytes) => Buffer.alloc(bytes, 7), 1_800_000_000))
const token = 'management-token-of-this-server'
const privateKey = 'the private key'

const factsOf = (platform: Platform, change: Partial<Facts> = {}): Facts => ({
  platform,
  image: 'registry.example.org/chatmail:1',
  publicHost: 'chat.example.org',
  listenAddress: '::',
  managementAddress: platform === 'local' ? '127.0.0.1' : '::',
  certificate: {
    secretName: 'chat-tls',
    issuer: null,
    pem: { crt: 'the certificate', key: privateKey },
    selfSigned: true,
  },
  keyring: ring,
  managementToken: token,
  turnNodes: [node('one'), node('two')],
  ...outsideACluster,
  turnEndpoints: [{ id: 'one', host: '203.0.113.7', port: 3478, state: 'ready' }],
  irohUrl: null,
  ...change,
})

const workloads = (objects: KubernetesObject[]): Workload[] =>
  objects.filter((object): object is Workload => object.kind === 'Deployment' || object.kind === 'StatefulSet')
const named = <T extends KubernetesObject>(objects: KubernetesObject[], kindOf: T['kind'], name: string): T =>
  objects.find((object) => object.kind === kindOf && object.metadata.name === name) as T

const platforms = ['cluster', 'local'] as const

test('the configurations are ones that the workloads accept', () => {
  for (const platform of platforms) {
    const objects = render(serverOf(), factsOf(platform))
    const mail = mailConfig.parse(
      JSON.parse(named<ConfigMap>(objects, 'ConfigMap', 'chat-mail-config').data['config.yaml']!),
    )
    assert.equal(mail.retention.messages, 20 * 86400)
    assert.equal(mail.retention.largeMessageSize, 200 * 1024)
    assert.equal(mail.turn.credentialTtl, 5 * 86400)
    assert.equal(mail.noLog, true)
    const turn = turnConfig.parse(
      JSON.parse(named<ConfigMap>(objects, 'ConfigMap', 'chat-turn-two-config').data['config.yaml']!),
    )
    assert.deepEqual([turn.relay.min, turn.relay.max, turn.relay.publicIpv4], [49152, 65535, '203.0.113.7'])
    assert.equal(turn.drain.deadline, 3600)
    const relaysFile = named<ConfigMap>(objects, 'ConfigMap', 'chat-relays').data['relays.json']!
    assert.equal(relays.parse(JSON.parse(relaysFile)).turn[0]?.host, '203.0.113.7')
    keyringSchema.parse(JSON.parse(named<Secret>(objects, 'Secret', 'chat-turn-keyring').stringData['keyring.json']!))
  }
})

const providedKeys = (objects: KubernetesObject[]): Set<string> =>
  new Set(
    objects.flatMap((object) => {
      if (object.kind === 'ConfigMap')
        return Object.keys(object.data).map((key) => `configMap/${object.metadata.name}/${key}`)
      if (object.kind === 'Secret')
        return Object.keys(object.stringData).map((key) => `secret/${object.metadata.name}/${key}`)
      return []
    }),
  )

const mountedKeys = ({ volumes }: PodSpec): string[] =>
  volumes.flatMap((volume) =>
    'projected' in volume
      ? volume.projected.sources.flatMap((source) => {
          const [from, { name, items }] =
            'secret' in source ? (['secret', source.secret] as const) : (['configMap', source.configMap] as const)
          return items.map(({ key }) => `${from}/${name}/${key}`)
        })
      : [],
  )

test('every file that is mounted exists, in one volume, each path once', () => {
  for (const platform of platforms) {
    const objects = render(serverOf(), factsOf(platform))
    const provided = providedKeys(objects)
    for (const { spec } of workloads(objects)) {
      const keys = mountedKeys(spec.template.spec)
      for (const key of keys) assert.ok(provided.has(key), key)
      const files = keys.map((key) => key.split('/')[2])
      assert.equal(new Set(files).size, files.length)
      const [container] = spec.template.spec.containers
      for (const mount of container!.volumeMounts)
        assert.ok(spec.template.spec.volumes.some(({ name }) => name === mount.name))
      assert.ok(container!.ports.some(({ name }) => name === container!.readinessProbe.httpGet.port))
      assert.ok(container!.command.includes('/etc/chatmail') && container!.command.includes('/var/lib/chatmail'))
    }
  }
})

test('secrets are in Secrets alone', () => {
  const others = JSON.stringify(render(serverOf(), factsOf('cluster')).filter((object) => object.kind !== 'Secret'))
  const keys = JSON.parse(ring).keys.map(({ secret }: { secret: string }) => secret)
  for (const secret of [...keys, token, privateKey]) assert.ok(!others.includes(secret))
  assert.ok(!/"env(From)?":/.test(others))
})

test('pods have no privilege and no token', () => {
  const objects = render(serverOf(), factsOf('cluster'))
  for (const { spec } of workloads(objects)) {
    const pod = spec.template.spec
    assert.equal(pod.automountServiceAccountToken, false)
    assert.deepEqual(pod.containers[0]!.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    })
    for (const { containerPort } of pod.containers[0]!.ports) assert.ok(containerPort >= 1024)
    const account = named(objects, 'ServiceAccount', pod.serviceAccountName as string) as {
      automountServiceAccountToken?: boolean
    }
    assert.equal(account.automountServiceAccountToken, false)
  }
})

test('only a change of config.yaml replaces a pod', () => {
  const templates = (change: Partial<Facts>, spec: object = {}) =>
    workloads(render(serverOf(spec), factsOf('cluster', change))).map(({ spec: { template } }) =>
      JSON.stringify(template),
    )
  const before = templates({})
  const reloaded = { keyring: 'another', managementToken: 'another', turnEndpoints: [], irohUrl: 'https://x.example/' }
  assert.deepEqual(templates(reloaded), before)
  const [turnOne, turnTwo, iroh, mail] = templates({}, { mail: { comment: 'new' } })
  assert.deepEqual([turnOne, turnTwo, iroh], before.slice(0, 3))
  assert.notEqual(mail, before[3])
})

test('clients get the standard ports in a cluster, those of the spec everywhere', () => {
  const spec = { exposure: { ports: { imaps: 1993 } } }
  const service = named<Service>(render(serverOf(spec), factsOf('cluster')), 'Service', 'chat-mail')
  const ports = service.spec.ports as { name: string; port: number; targetPort: string }[]
  assert.deepEqual(
    ports.map(({ port }) => port),
    [1993, 143, 465, 587, 443, 80],
  )
  assert.equal(service.spec.externalTrafficPolicy, 'Local')
  const local = portRows(serverOf(spec), 'local')
  assert.deepEqual(
    local.filter(({ protocol }) => protocol === 'TCP').map(({ from }) => from),
    [1993, 2143, 2465, 2587, 2443, 3478, 3340, 2901, 2902, 2900],
  )
  assert.deepEqual(
    local.filter(({ protocol }) => protocol === 'UDP').map(({ from, to }) => [from, to]),
    [
      [3478, 3478],
      [49152, 65535],
    ],
  )
})

test('HostNetwork gives the pod the ports of its node, ClusterIP keeps them inside', () => {
  const objects = render(serverOf({ exposure: { type: 'HostNetwork' } }), factsOf('cluster'))
  const pod = named<Workload>(objects, 'StatefulSet', 'chat-mail').spec.template.spec
  assert.deepEqual(
    pod.containers[0]!.ports.slice(0, 2).map(({ hostPort }) => hostPort),
    [993, 143],
  )
  assert.equal(named<Service>(objects, 'Service', 'chat-mail').spec.type, 'ClusterIP')
})

test('TURN is one pod a node on its network, pinned, replaced and never doubled, and gone when off', () => {
  const objects = render(
    serverOf({ turn: { nodeSelector: { role: 'edge' }, drain: { deadline: '10m' } } }),
    factsOf('cluster'),
  )
  const one = named<Workload>(objects, 'Deployment', 'chat-turn-one')
  const pod = one.spec.template.spec
  assert.deepEqual(one.spec.strategy, { type: 'Recreate' })
  assert.equal(pod.hostNetwork, true)
  assert.equal(pod.dnsPolicy, 'ClusterFirstWithHostNet')
  assert.deepEqual(pod.nodeSelector, { role: 'edge', 'kubernetes.io/hostname': 'one' })
  assert.equal(pod.terminationGracePeriodSeconds, 610)
  const off = render(serverOf({ turn: { enabled: false } }), factsOf('cluster'))
  assert.equal(
    off.some(({ metadata }) => metadata.name.includes('turn-one')),
    false,
  )
  assert.deepEqual(JSON.parse(named<ConfigMap>(off, 'ConfigMap', 'chat-relays').data['relays.json']!), {
    turn: [],
    iroh: null,
  })
})

test('a kept certificate is mounted and not rendered', () => {
  const facts = factsOf('cluster', { certificate: { secretName: 'mine', issuer: null, pem: null, selfSigned: false } })
  const objects = render(serverOf(), facts)
  assert.equal(named(objects, 'Secret', 'mine'), undefined)
  const mail = named<Workload>(objects, 'StatefulSet', 'chat-mail')
  assert.ok(mountedKeys(mail.spec.template.spec).includes('secret/mine/tls.crt'))
})

test('every object is named, labelled and in the namespace of the server, and two renderings are equal', () => {
  const objects = render(serverOf(), factsOf('cluster'))
  const ids = objects.map((object) => `${object.kind}/${object.metadata.name}`)
  assert.equal(new Set(ids).size, ids.length)
  for (const { metadata } of objects) {
    assert.equal(metadata.namespace, 'mail')
    assert.equal(metadata.labels['app.kubernetes.io/instance'], 'chat')
    assert.match(metadata.name, /^[a-z0-9-]{1,63}$/)
  }
  assert.deepEqual(render(serverOf(), factsOf('cluster')), objects)
})
