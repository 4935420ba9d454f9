// Five lines and what people read of them: one line, the story of describe, addresses, ports, records, an invite.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { brisk, type Live, OperatorBed } from '../../support/operator/bed.ts'
import { certificateSecret } from '../../support/operator/cert-manager.ts'
import { assertDiscreet } from '../../support/operator/discretion.ts'
import { crashLoop } from '../../support/operator/pod-statuses.ts'

const skip = apiServerMissing()
const domain = 'chat.example.org'
/** What the DNS says. */
const published = new Map([['ipv4only.arpa', ['192.0.0.170', '2001:db8:64::c000:aa']]])
let bed: OperatorBed
let aheadMs = 0
before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  await bed.operate({
    pace: brisk,
    resolve: async (name) => published.get(name) ?? [],
    now: () => Date.now() + aheadMs,
  })
})
after(() => bed?.stop())

const apply = (spec: object = {}): Promise<Live> => bed.apply('chat', { domain, ...spec })
const conditionOf = ({ status }: Live, type: string) => status!.conditions!.find((each) => each.type === type)!
const service = () => bed.object<KubeObject & { spec: ServiceSpec }>('Service', 'chat-mail')
type ServiceSpec = {
  type: string
  loadBalancerClass?: string
  externalTrafficPolicy?: string
  ports: { name: string; port: number; targetPort: string; nodePort?: number }[]
}
const describe = () => bed.api.kubectl(['describe', 'chatmailserver', 'chat'])

test('five lines become a server that is ready, and one line tells so', { skip }, async () => {
  await bed.api.kubectl(
    ['apply', '-f', '-'],
    `apiVersion: chatmail.dev/v1alpha1
kind: ChatmailServer
metadata: { name: chat, namespace: default }
spec:
  domain: ${domain}
`,
  )
  await bed.until('chat', 'Exposed', 'False', 'WaitingForAddress')
  await bed.balance('chat-mail', '203.0.113.50')
  await bed.api.kubectl(['wait', '--for=condition=Ready', 'chatmailserver/chat', '--timeout=20s'])
  const [header, line] = (await bed.api.kubectl(['get', 'chatmailserver', 'chat'])).split('\n')
  assert.deepEqual(header!.split(/ {2,}/), ['NAME', 'DOMAIN', 'READY', 'MAIL', 'TURN', 'CERT', 'STATUS', 'AGE'])
  assert.match(line!, /^chat +chat\.example\.org +True +True +True +True +Everything works/)
})

test('addresses, ports and records are told, and a record is seen once it is published', { skip }, async () => {
  const { status } = await bed.until('chat', 'DNSReady', 'False', 'Missing')
  assert.equal(status?.endpoints?.mail, '203.0.113.50')
  const [relay] = status!.endpoints!.turn!
  assert.deepEqual([relay!.node, relay!.host, relay!.port, relay!.state], ['node1', '203.0.113.11', 3478, 'Ready'])
  const rows = status!.ports!.map(({ protocol, from, to, where }) => `${protocol} ${from}-${to} ${where}`)
  for (const row of ['TCP 993-993 203.0.113.50', 'TCP 443-443 203.0.113.50', 'UDP 49152-65535 node1'])
    assert.ok(rows.includes(row), rows.join('\n'))
  assert.deepEqual(
    status!.dns!.map(({ name, type, value, seen }) => [name, type, value, seen]),
    [[domain, 'A', '203.0.113.50', false]],
  )
  assert.equal(status!.invite, undefined, 'nobody can join by name where the certificate is self-signed')
  published.set(domain, ['203.0.113.50'])
  aheadMs += 61_000
  await bed.lookAgain('chat')
  const seen = await bed.until('chat', 'DNSReady', 'True', 'Published')
  assert.equal(seen.status!.dns![0]!.seen, true)
  await eventually(async () =>
    assert.equal(conditionOf((await bed.server('chat'))!, 'Ready').message, 'Everything works.'),
  )
})

test("relays know of the network's translator what the DNS tells and what the spec gives", { skip }, async () => {
  const nat64 = async (...prefixes: string[]): Promise<void> =>
    eventually(async () => {
      const peers = await bed.object<KubeObject & { data: Record<string, string> }>('ConfigMap', 'chat-turn-peers')
      assert.deepEqual(JSON.parse(peers!.data['peers.json']!).nat64, prefixes)
    })
  await nat64('2001:db8:64::/96')
  await apply({ turn: { peers: { nat64: ['2001:db8:100::/40'] } } })
  await nat64('2001:db8:100::/40', '2001:db8:64::/96')
  await apply()
  await nat64('2001:db8:64::/96')
})

/** Types and reasons of the events that `kubectl describe` shows. */
const story = async (): Promise<string[]> => {
  const [, events = ''] = (await describe()).split('Events:')
  return [...events.matchAll(/^ {2}(Normal|Warning) +(\S+)/gm)].map(([, type, reason]) => `${type} ${reason}`).sort()
}

test('describe tells the story: one event for a transition, none for a pass', { skip }, async () => {
  const beginning = await eventually(async () => {
    const told = await story()
    assert.ok(told.includes('Normal Ready'), told.join())
    return told
  })
  assert.ok(
    beginning.every((line) => line.startsWith('Normal ')),
    beginning.join(),
  )
  for (let round = 0; round < 5; round++) {
    await bed.lookAgain('chat')
    await bed.until('chat', 'Ready', 'True')
  }
  assert.deepEqual(await story(), beginning)
  bed.kubelet.ail('turn', crashLoop('turn', 1))
  await bed.until('chat', 'TurnAvailable', 'False', 'Crashing')
  bed.kubelet.ail('turn', null)
  await bed.until('chat', 'Ready', 'True')
  await eventually(async () => {
    const told = await story()
    assert.deepEqual(told.filter((line) => line.startsWith('Warning ')).slice(0, 2), [
      'Warning NotReady',
      'Warning TurnCrashing',
    ])
    assert.ok(told.length <= beginning.length + 4, `a flood: ${told.join()}`)
  })
})

test('kubectl scale changes the number of relays', { skip }, async () => {
  await bed.api.kubectl(['scale', 'chatmailserver/chat', '--replicas=2'])
  await eventually(async () => {
    const { status, spec } = (await bed.server('chat'))!
    assert.equal((spec as { turn: { replicas: number } }).turn.replicas, 2)
    assert.equal(status?.turnReplicas, 2)
    assert.match(status?.turnSelector ?? '', /app\.kubernetes\.io\/component=turn/)
  })
  await bed.api.kubectl(['scale', 'chatmailserver/chat', '--replicas=1'])
})

test('a load balancer gets its annotations and its class', { skip }, async () => {
  const exposure = { annotations: { 'cloud.example.org/kind': 'nlb' }, externalTrafficPolicy: 'Cluster' }
  await apply({ exposure })
  await eventually(async () => {
    const found = await service()
    assert.equal(found?.metadata.annotations?.['cloud.example.org/kind'], 'nlb')
    assert.deepEqual([found?.spec.type, found?.spec.externalTrafficPolicy], ['LoadBalancer', 'Cluster'])
    assert.deepEqual(found?.spec.ports.map(({ name, port }) => `${name} ${port}`).sort(), [
      'http 80',
      'https 443',
      'imap 143',
      'imaps 993',
      'submission 587',
      'submissions 465',
    ])
  })
})

const mailConfig = async (): Promise<{ public: Record<string, unknown> }> =>
  JSON.parse(((await bed.object('ConfigMap', 'chat-mail-config'))!.data as Record<string, string>)['config.yaml']!)

test('ports that the API server gives to nodes are what clients are told', { skip }, async () => {
  await apply({ exposure: { type: 'NodePort', ports: { imaps: 30003 } } })
  await bed.until('chat', 'Ready', 'True')
  const given = (await service())!.spec.ports
  const nodePort = (name: string): number => given.find((port) => port.name === name)!.nodePort!
  assert.equal(nodePort('imaps'), 30003)
  assert.ok(nodePort('https') >= 30000)
  await eventually(async () => {
    const { status } = (await bed.server('chat'))!
    const told = status!.ports!.map(({ from }) => from).filter((port) => port >= 30000 && port < 32768)
    assert.deepEqual(new Set(told), new Set(given.map((port) => port.nodePort)))
    assert.equal(status!.endpoints!.mail, '203.0.113.11')
    const { imaps, https } = (await mailConfig()).public
    assert.deepEqual([imaps, https], [30003, nodePort('https')])
  })
})

test('on the ports of the node, and inside the cluster alone', { skip }, async () => {
  await apply({ exposure: { type: 'HostNetwork' } })
  const onNode = await bed.until('chat', 'Exposed', 'True')
  await eventually(async () => assert.equal((await service())?.spec.type, 'ClusterIP'))
  assert.equal(onNode.status?.endpoints?.mail, '203.0.113.11')
  await bed.until('chat', 'Ready', 'True')
  await apply({ exposure: { type: 'ClusterIP' } })
  await eventually(async () => {
    const { status } = await bed.until('chat', 'Exposed', 'True')
    assert.equal(status?.endpoints?.mail, 'chat-mail.default.svc')
    const found = await service()
    assert.equal(found?.spec.type, 'ClusterIP')
    assert.ok(found.spec.ports.every(({ nodePort }) => nodePort === undefined))
  })
  await bed.until('chat', 'Ready', 'True')
})

test('with a certificate that everybody accepts one link invites everybody', { skip }, async () => {
  await certificateSecret(bed, 'mine', [domain])
  await apply({ exposure: { type: 'ClusterIP' }, tls: { secretName: 'mine' } })
  await bed.until('chat', 'CertificateReady', 'True', 'Issued')
  await eventually(async () => assert.equal((await bed.server('chat'))?.status?.invite, `dcaccount:${domain}`))
})

test('a server by address needs no record, one without relays says so', { skip }, async () => {
  await bed.apply('plain', {
    domain: '[203.0.113.50]',
    exposure: { type: 'HostNetwork' },
    turn: { enabled: false },
    iroh: { mode: 'External', url: 'https://iroh.example.org' },
  })
  await bed.until('plain', 'DNSReady', 'True', 'NotNeeded')
  await bed.until('plain', 'IrohAvailable', 'True')
  const { status } = await bed.until('plain', 'TurnAvailable', 'False', 'Disabled')
  assert.deepEqual([status?.endpoints?.turn, status?.endpoints?.iroh], [[], 'https://iroh.example.org/'])
  await bed.until('plain', 'Ready', 'True')
})

test('no pass of all this has gone wrong, and nothing was told that must not be', { skip }, async () => {
  assert.deepEqual(bed.kubelet.problems, [])
  assert.deepEqual(bed.errors(), [])
  await assertDiscreet(bed)
})
