// What is said of each part: every reason of the closed table can come up, and tells what is the case and what to do.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { serverOf } from '../../test/support/operator/a-server.ts'
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import type { Keyring } from '../../workloads/contract/keyring.ts'
import { type ConditionType, conditions } from '../api/conditions.ts'
import { status as statusSchema } from '../api/status.ts'
import type { Rotation, RotationReason } from '../turnkeys/rotation.ts'
import { type DnsRecord, dnsRecords, dnsVerdict, namesToLookUp } from './dns.ts'
import { exposedVerdict } from './exposure.ts'
import { keysStatus, keysVerdict } from './keys.ts'
import { isCurrent, mailVerdict, refusal, type WorkloadLike } from './mail.ts'
import { podProblem } from './pod-problem.ts'
import { openPorts } from './ports.ts'
import { type RelayLike, type TurnSeen, turnVerdict } from './turn.ts'
import type { Verdict } from './verdict.ts'

const seen = new Map<ConditionType, Set<string>>()
const secret = 'c2VjcmV0IG9mIHRoZSBrZXkgcmluZyBvZiB0aGlz'

/** Notes the reason; a message is a sentence, and holds no time, no address of a pod and no key. */
const said = <T extends ConditionType>(type: T, verdict: Verdict<T>): Verdict<T> => {
  seen.set(type, (seen.get(type) ?? new Set()).add(verdict.reason))
  assert.ok((conditions[type].reasons as readonly string[]).includes(verdict.reason))
  assert.match(verdict.message, /^\S.*\S$/s)
  assert.doesNotMatch(verdict.message, /\d\d:\d\d|10\.244\.|undefined|null|\[object/)
  assert.ok(!verdict.message.includes(secret))
  return verdict
}

after(() => {
  // CertificateReady is told by reconcile/certificate.ts, IrohAvailable has a test of its own.
  for (const type of ['MailAvailable', 'TurnAvailable', 'KeysReady', 'Exposed', 'DNSReady'] as const)
    assert.deepEqual([...(seen.get(type) ?? [])].sort(), [...conditions[type].reasons].sort(), type)
})

type PodLike = Parameters<typeof podProblem>[0]
const labels = { 'app.kubernetes.io/instance': 'chat', 'app.kubernetes.io/component': 'mail' }
const pod = (state: object, lastState: object = {}): PodLike => ({
  metadata: { namespace: 'mail', labels },
  status: { containerStatuses: [{ state, lastState }] },
})
const unscheduled = (message: string): PodLike => ({
  metadata: { namespace: 'mail', labels },
  status: { conditions: [{ type: 'PodScheduled', status: 'False', message }] },
})
const crashLoop = (terminated: object) => pod({ waiting: { reason: 'CrashLoopBackOff' } }, { terminated })

const troubles: [PodLike, string, RegExp][] = [
  [
    unscheduled("0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports."),
    'PortTaken',
    /another pod.*spec\.turn\.port/,
  ],
  [unscheduled('0/3 nodes are available: 3 Insufficient memory.'), 'NoRoom', /Insufficient memory/],
  [pod({ waiting: { reason: 'ImagePullBackOff' } }), 'ImageNotPulled', /spec\.image.*spec\.imagePullSecrets/],
  [pod({ waiting: { reason: 'ErrImageNeverPull' } }), 'ImageNotPulled', /registry/],
  [
    pod({ waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' } }),
    'Starting',
    /secret "x" not found/,
  ],
  [pod({ terminated: { exitCode: exitCodes.unavailable } }), 'PortTaken', /another program/],
  [crashLoop({ exitCode: 137, reason: 'OOMKilled' }), 'Crashing', /resources\.limits\.memory/],
  [
    crashLoop({ exitCode: exitCodes.config }),
    'Crashing',
    /kubectl -n mail logs -l app\.kubernetes\.io\/instance=chat,app\.kubernetes\.io\/component=mail --previous/,
  ],
]

test('what keeps a pod from running', () => {
  for (const [broken, reason, message] of troubles) {
    const problem = podProblem(broken)!
    assert.equal(problem.reason, reason)
    assert.match(problem.message, message)
  }
  const fine = [
    pod({ running: {} }),
    pod({ waiting: { reason: 'ContainerCreating' } }),
    { metadata: {} },
    pod({ running: {} }, { terminated: { exitCode: 1 } }),
  ]
  for (const each of fine) assert.equal(podProblem(each), null)
})

const workload = (status: WorkloadLike['status']): WorkloadLike => ({
  metadata: { generation: 2 },
  spec: { replicas: 1 },
  ...(status ? { status } : {}),
})
const failure = (message: string) => workload({ conditions: [{ type: 'ReplicaFailure', status: 'True', message }] })

test('mail: available with a pod that is ready, else why not', () => {
  const verdict = (...parts: Parameters<typeof mailVerdict>) => said('MailAvailable', mailVerdict(...parts))
  assert.equal(verdict(workload({ readyReplicas: 1 }), []).status, 'True')
  assert.equal(verdict(undefined, []).reason, 'Starting')
  assert.match(verdict(failure('exceeded quota'), []).message, /exceeded quota/)
  for (const [broken, reason] of troubles)
    assert.equal(verdict(workload({}), [pod({ running: {} }), broken]).reason, reason)
  assert.equal(refusal(failure('no')), 'no')
  assert.equal(
    refusal(workload({ conditions: [{ type: 'ReplicaFailure', status: 'False', message: 'before' }] })),
    null,
  )
})

test('a workload is current when its controller has seen the last change and made its pods', () => {
  assert.ok(isCurrent(workload({ observedGeneration: 2, updatedReplicas: 1 })))
  assert.ok(!isCurrent(workload({ observedGeneration: 1, updatedReplicas: 1 })))
  assert.ok(!isCurrent(workload({ observedGeneration: 2 })))
  assert.ok(!isCurrent(workload(undefined)))
})

const relay = (state: RelayLike['state'], reason: string | null = null, more: Partial<RelayLike> = {}): RelayLike => ({
  nodeName: 'n1',
  state,
  reason,
  ...more,
})
const turnSeen = (change: Partial<TurnSeen>): TurnSeen => ({
  relays: [],
  told: 0,
  withoutAddress: [],
  missing: 0,
  problems: [],
  refused: null,
  hostNetworkForbidden: null,
  ...change,
})

test('TURN: what is told, and what keeps the rest from it', () => {
  const verdict = (change: Partial<TurnSeen>, turn: object = {}) =>
    said('TurnAvailable', turnVerdict(serverOf({ turn }), turnSeen(change)))
  const works = relay('Ready')
  assert.equal(verdict({ relays: [works], told: 1 }).message, '1 of 1 relays work.')
  const fewer = verdict(
    { relays: [works, relay('Starting', 'The pod starts.', { nodeName: 'n2' })], told: 1 },
    { replicas: 2 },
  )
  assert.deepEqual([fewer.reason, fewer.message], ['PartlyAvailable', '1 of 2 relays work. n2: The pod starts.'])
  const leaving = verdict({
    relays: [relay('Starting', 'The pod starts.', { nodeName: 'n2' }), relay('Ready', null, { leaving: true })],
    told: 1,
  })
  assert.equal(leaving.message, '0 of 1 relays work; another goes on until then. n2: The pod starts.')
  assert.match(verdict({ relays: [works], told: 1, missing: 1 }, { replicas: 2 }).message, /1 of 2 find no node/)
  assert.match(
    verdict({ relays: [works], told: 1, withoutAddress: ['n2'] }, { replicas: 2 }).message,
    /kubectl annotate node n2/,
  )
  assert.equal(verdict({}, { enabled: false }).reason, 'Disabled')
  assert.match(verdict({ hostNetworkForbidden: 'kubectl label namespace mail' }).message, /kubectl label/)
  assert.match(
    verdict({ withoutAddress: ['n1', 'n2'] }).message,
    /2 nodes, such as n1.*chatmail\.dev\/public-address=ADDRESS.*spec\.turn\.publicAddress\.addresses/,
  )
  assert.match(verdict({ missing: 1 }, { nodeSelector: { role: 'edge' } }).message, /kubectl label node NODE role=edge/)
  assert.match(verdict({ missing: 1 }).message, /spec\.turn\.tolerations/)
  assert.equal(verdict({ relays: [relay('Starting')], refused: 'exceeded quota' }).reason, 'Forbidden')
  for (const [broken, reason] of troubles)
    assert.equal(verdict({ relays: [relay('Starting')], problems: [podProblem(broken)!] }).reason, reason)
  assert.match(
    verdict({ relays: [relay('Unreachable', 'allocate: no answer')] }).message,
    /on n1 runs.*allocate: no answer/,
  )
  assert.equal(verdict({ relays: [relay('Draining', 'It drains.')] }).reason, 'Draining')
  assert.equal(verdict({ relays: [relay('Starting', 'The pod starts.')] }).message, 'The pod starts.')
})

const ring = (...roles: ('sign' | 'verify')[]): Keyring => ({
  generation: 7,
  keys: roles.map((role, index) => ({
    id: `k${9 - index}`,
    secret,
    role,
    ...(role === 'sign' ? { since: 1_795_548_186 } : {}),
  })) as Keyring['keys'],
})

test('keys: where a rotation stands, and when the next one is due', () => {
  const verdict = (reason: RotationReason, ...roles: ('sign' | 'verify')[]) =>
    said('KeysReady', keysVerdict({ ring: ring(...roles), reason } as Rotation))
  assert.equal(verdict('UpToDate', 'sign').reason, 'Steady')
  assert.equal(verdict('Revoked', 'sign').reason, 'Steady')
  assert.equal(verdict('Rotating', 'verify', 'sign').reason, 'Introducing')
  assert.equal(verdict('WaitingForTurn', 'verify', 'sign').reason, 'WaitingForRelays')
  assert.equal(verdict('WaitingForExpiry', 'sign', 'verify').reason, 'Switched')
  assert.equal(verdict('WaitingForMail', 'sign', 'verify').status, 'True')
  assert.equal(verdict('WaitingForClock', 'sign', 'verify').status, 'False')
  const told = keysStatus(ring('verify', 'sign'), 86_400)
  assert.deepEqual(told, {
    generation: 7,
    phase: 'Introducing',
    signingKeyId: 'k8',
    since: new Date(1_795_548_186_000).toISOString(),
    nextRotation: new Date(1_795_548_186_000 + 86_400_000).toISOString(),
  })
  assert.ok(!JSON.stringify(told).includes(secret))
})

test('exposure: the address that clients use, or what to do for one', () => {
  const verdict = (exposure: object, address: string | null, turn?: string | null, refused?: string) =>
    said('Exposed', exposedVerdict(serverOf({ exposure }), address, turn, refused))
  assert.match(verdict({}, '198.51.100.9').message, /at 198\.51\.100\.9/)
  assert.match(verdict({ type: 'ClusterIP' }, 'chat-mail.mail.svc').message, /inside the cluster/)
  assert.match(verdict({}, null).message, /Service chat-mail .*NodePort or HostNetwork.*describe service chat-mail/)
  assert.match(verdict({}, '198.51.100.9', null).message, /describe service chat-turn/)
  assert.equal(verdict({ type: 'HostNetwork' }, null).reason, 'WaitingForAddress')
  const taken = verdict({ type: 'NodePort' }, '198.51.100.9', undefined, 'the port 30993 cannot be had')
  assert.deepEqual([taken.status, taken.reason], ['False', 'NodePortRefused'])
})

const found = (entries: Record<string, string[]>) => new Map(Object.entries(entries))

test('DNS: the records of the names that clients look up, of mail and of relays', () => {
  const named = serverOf({ turn: { hostname: 'turn.example.org' } })
  assert.deepEqual(namesToLookUp(named), ['chat.example.org', 'turn.example.org'])
  const records = dnsRecords(
    named,
    '198.51.100.9',
    ['203.0.113.1', '2001:db8::1'],
    found({ 'turn.example.org': ['203.0.113.1'] }),
  )
  assert.deepEqual(
    records.map(({ name, type, value, seen: was }) => [name, type, value, was]),
    [
      ['chat.example.org', 'A', '198.51.100.9', false],
      ['turn.example.org', 'A', '203.0.113.1', true],
      ['turn.example.org', 'AAAA', '2001:db8::1', false],
    ],
  )
  const [balanced] = dnsRecords(serverOf(), 'lb.example.net', [], found({ 'chat.example.org': ['192.0.2.1'] }))
  assert.deepEqual([balanced!.type, balanced!.seen], ['CNAME', true])
  const many = Array.from({ length: 100 }, (_, index) => `203.0.113.${index}`)
  statusSchema.parse({ dns: dnsRecords(named, '198.51.100.9', many, found({})) })
})

test('DNS: what is said of them', () => {
  const verdict = (spec: object, records: DnsRecord[]) => said('DNSReady', dnsVerdict(serverOf(spec), records))
  const record = (name: string, was: boolean): DnsRecord => ({
    name,
    type: 'A',
    value: '198.51.100.9',
    required: true,
    seen: was,
  })
  assert.equal(verdict({}, [record('chat.example.org', true)]).reason, 'Published')
  assert.match(
    verdict({}, [record('chat.example.org', false)]).message,
    /chat\.example\.org A 198\.51\.100\.9\. Publish it/,
  )
  assert.equal(verdict({}, []).reason, 'WaitingForAddress')
  assert.equal(
    verdict({ turn: { hostname: 'turn.example.org' } }, [record('turn.example.org', true)]).reason,
    'WaitingForAddress',
  )
  for (const spec of [
    { domain: '[203.0.113.7]' },
    { exposure: { host: '203.0.113.7' } },
    { exposure: { type: 'ClusterIP' } },
  ])
    assert.equal(verdict(spec, []).reason, 'NotNeeded', JSON.stringify(spec))
  const off = { turn: { enabled: false, hostname: 'turn.example.org' } }
  assert.equal(verdict(off, [record('chat.example.org', true)]).reason, 'Published')
})

test('every port that clients need is told once for each place', () => {
  const relays = ['n1', 'n2'].map((nodeName) => ({ nodeName, host: null }))
  const ports = openPorts(serverOf(), '198.51.100.9', relays, {})
  statusSchema.parse({ ports })
  assert.deepEqual(
    ports.filter(({ protocol }) => protocol === 'UDP').map(({ name, where }) => `${name} ${where}`),
    ['turn n1', 'turn n2', 'turn-relay n1', 'turn-relay n2'],
  )
  assert.ok(ports.every(({ purpose }) => !/health/.test(purpose)))
  const hundreds = Array.from({ length: 300 }, (_, index) => ({ nodeName: `n${index}`, host: null }))
  statusSchema.parse({ ports: openPorts(serverOf(), null, hundreds, {}) })
})
