// Relays over nodes that come, go, have no address, do not work, and are replaced one by one.
import assert from 'node:assert/strict'
import { after, before, beforeEach, type TestContext, test } from 'node:test'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import { Reflector } from '../../../operator/kube/reflector.ts'
import { childResources, nodeResource } from '../../../operator/reconcile/resources.ts'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { brisk, type Live, OperatorBed } from '../../support/operator/bed.ts'
import { assertDiscreet } from '../../support/operator/discretion.ts'
import { crashLoop, imagePullBackOff, type PodStatus, unschedulable } from '../../support/operator/pod-statuses.ts'

const skip = apiServerMissing()
const addresses = { node1: '203.0.113.11', node2: '203.0.113.12' } as const
type NodeName = keyof typeof addresses
let bed: OperatorBed
/** Hosts at which a proof fails. */
const failing = new Set<string>()

before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  await bed.operate({
    pace: brisk,
    prove: async ({ host }) =>
      failing.has(host)
        ? { ok: false, step: 'allocate', code: 'Timeout', message: 'no answer' }
        : { ok: true, rttMs: 1 },
  })
})
after(() => bed?.stop())

const domain = 'chat.example.org'
const apply = (turn: object, more: object = {}): Promise<Live> => bed.apply('chat', { domain, turn, ...more })
const patchNode = (name: string, patch: object) => bed.client.mergePatch(nodeResource, { name }, patch)
const annotate = (name: string, address: string | null) =>
  patchNode(name, { metadata: { annotations: { 'chatmail.dev/public-address': address } } })
const messageOf = ({ status }: Live, type: string): string =>
  status!.conditions!.find((condition) => condition.type === type)!.message

/** Resolves when the condition says it in these words. */
const says = (type: string, status: string, words: RegExp, reason?: string): Promise<Live> =>
  eventually(async () => {
    const server = await bed.until('chat', type, status, reason)
    assert.match(messageOf(server, type), words)
    return server
  })

/** Hosts that clients are told. */
const toldIn = (object: KubeObject | null): string[] => {
  const text = (object?.data as Record<string, string> | undefined)?.['relays.json'] ?? '{"turn":[]}'
  return (JSON.parse(text) as { turn: { host: string }[] }).turn.map(({ host }) => host).sort()
}
const told = (...hosts: string[]): Promise<void> =>
  eventually(async () => assert.deepEqual(toldIn(await bed.object('ConfigMap', 'chat-relays')), hosts))

const relayNodes = async (): Promise<string[]> =>
  (
    await bed.client.list(childResources.find(({ kind }) => kind === 'Deployment')!, {
      namespace: 'default',
      labelSelector: 'app.kubernetes.io/component=turn,app.kubernetes.io/instance=chat',
    })
  ).items.map(({ metadata }) => metadata.name.replace('chat-turn-', ''))

/** A server with two relays that work, whatever the test before has left. */
const restore = async (): Promise<void> => {
  failing.clear()
  bed.kubelet.lingering = false
  for (const [name, address] of Object.entries(addresses)) {
    await bed.addNode(name, address)
    await patchNode(name, { spec: { unschedulable: null } })
  }
  await apply({ replicas: 2 })
  await bed.balance('chat-mail', '203.0.113.50')
  await told(addresses.node1, addresses.node2)
  await bed.until('chat', 'Ready', 'True')
  await bed.until('chat', 'Reconciling', 'absent')
}

/** What is written of relays, in its order: who is told to clients, and whose Deployment comes, changes and goes. */
const recordWrites = async (t: TestContext): Promise<string[]> => {
  const seen: string[] = []
  const note = (line: string): void => {
    if (seen.at(-1) !== line) seen.push(line)
  }
  const follow = async (kind: string, take: (object: KubeObject, type: string, old?: KubeObject) => void) => {
    const resource = childResources.find((each) => each.kind === kind)!
    const reflector = new Reflector({ client: bed.client, resource, namespace: 'default' })
    reflector.start()
    await reflector.synced
    reflector.onChange((change) => take(change.object, change.type, 'old' in change ? change.old : undefined))
    t.after(() => reflector.stop())
  }
  await follow('ConfigMap', (object) => {
    if (object.metadata.name === 'chat-relays')
      note(
        `told ${
          toldIn(object)
            .map((host) => host.slice(-2))
            .join(' ') || 'none'
        }`,
      )
  })
  await follow('Deployment', (object, type, old) => {
    const isChange = type !== 'modified' || old?.metadata.generation !== object.metadata.generation
    if (object.metadata.name.startsWith('chat-turn-') && isChange)
      note(`${type} ${object.metadata.name.replace('chat-turn-', '')}`)
  })
  return seen
}

const includesInOrder = (seen: readonly string[], wanted: readonly string[]): Promise<void> =>
  eventually(() => {
    let from = 0
    for (const line of wanted) {
      const at = seen.indexOf(line, from)
      assert.notEqual(at, -1, `"${line}" does not come after ${from} lines of:\n${seen.join('\n')}`)
      from = at + 1
    }
  })

/** The kubectl command that a message tells, run as it stands. */
const obey = (message: string, change: (command: string) => string = (command) => command): Promise<string> => {
  const command = /kubectl ([^.]*(?:\.[^ .][^.]*)*)/.exec(message)?.[1]
  assert.ok(command, `no command in: ${message}`)
  return bed.api.kubectl(change(command).trim().split(' '))
}

test('a node without an address is named, the command that is told mends it', { skip }, async () => {
  for (const name of Object.keys(addresses)) await annotate(name, null)
  await apply({ replicas: 2 })
  const stalled = await bed.until('chat', 'Stalled', 'True', 'NoPublicAddress')
  await bed.until('chat', 'TurnAvailable', 'False', 'NoPublicAddress')
  await bed.until('chat', 'MailAvailable', 'True')
  assert.deepEqual(await relayNodes(), [])

  await obey(messageOf(stalled, 'Stalled').split(', or')[0]!, (command) => command.replace('ADDRESS', addresses.node1))
  await says('TurnAvailable', 'True', /1 of 2 relays work\. No address .* node2/)
  await bed.until('chat', 'Stalled', 'absent')
  await annotate('node2', addresses.node2)
  await told(addresses.node1, addresses.node2)
  const { status } = await says('TurnAvailable', 'True', /^2 of 2 relays work\.$/)
  assert.equal(status?.turnReplicas, 2)
})

test('a relay that does not work is not told, and is again when it does', { skip }, async () => {
  await restore()
  failing.add(addresses.node1)
  await told(addresses.node2)
  await says('TurnAvailable', 'True', /1 of 2 relays work\. node1: allocate: no answer/)
  failing.add(addresses.node2)
  const none = await bed.until('chat', 'TurnAvailable', 'False', 'ProofFailed')
  assert.ok(!messageOf(none, 'TurnAvailable').includes('203.0.113'), 'an address in a message')
  const states = none.status?.endpoints?.turn?.map(({ node, state }) => `${node} ${state}`)
  assert.deepEqual(states, ['node1 Unreachable', 'node2 Unreachable'])
  await bed.until('chat', 'Ready', 'False', 'NotReady')
  failing.clear()
  await told(addresses.node1, addresses.node2)
  await bed.until('chat', 'Ready', 'True')
})

test('a rollout goes node by node: withdrawn, confirmed by mail, drained, proved, then the next', {
  skip,
}, async (t) => {
  await restore()
  const seen = await recordWrites(t)
  bed.kubelet.lingering = true
  bed.kubelet.freeze('default', 'chat-mail-0')
  await apply({ replicas: 2, limits: { allocations: 100 } })
  await says('Reconciling', 'True', /relay on node1 is next/, 'RollingOut')
  await told(addresses.node2)
  assert.deepEqual(seen, ['told 12'], 'a relay is changed that mail may still tell clients of')
  bed.kubelet.thaw('default', 'chat-mail-0')
  for (const name of ['node1', 'node2'] as NodeName[]) {
    await eventually(() => assert.ok(seen.includes(`modified ${name}`), seen.join('\n')))
    const draining = await eventually(async () => {
      const server = await bed.server('chat')
      assert.equal(server?.status?.endpoints?.turn?.find(({ node }) => node === name)?.state, 'Draining')
      return server!
    })
    assert.equal(draining.status?.conditions?.find(({ type }) => type === 'TurnAvailable')?.status, 'True')
    bed.kubelet.release('default', `chat-turn-${name}-0`)
  }
  await told(addresses.node1, addresses.node2)
  await bed.until('chat', 'Reconciling', 'absent')
  assert.deepEqual(seen, ['told 12', 'modified node1', 'told 11', 'modified node2', 'told 11 12'])
})

test('fewer and more relays: one that goes is withdrawn first, one that comes is proved first', { skip }, async (t) => {
  await restore()
  const seen = await recordWrites(t)
  await apply({ replicas: 1 })
  await told(addresses.node1)
  await eventually(async () => assert.deepEqual(await relayNodes(), ['node1']))
  await bed.until('chat', 'Reconciling', 'absent')
  await apply({ replicas: 2 })
  await told(addresses.node1, addresses.node2)
  await includesInOrder(seen, ['told 11', 'deleted node2', 'added node2', 'told 11 12'])
  assert.ok(!seen.includes('told none'))
})

test('a relay leaves a cordoned node when another has taken over, and stays there afterwards', { skip }, async (t) => {
  await restore()
  await apply({ replicas: 1 })
  await told(addresses.node1)
  await eventually(async () => assert.deepEqual(await relayNodes(), ['node1']))
  const seen = await recordWrites(t)
  await patchNode('node1', { spec: { unschedulable: true } })
  await told(addresses.node2)
  await eventually(async () => assert.deepEqual(await relayNodes(), ['node2']))
  await includesInOrder(seen, ['added node2', 'told 12', 'deleted node1'])
  assert.ok(!seen.includes('told none'), seen.join('\n'))
  await patchNode('node1', { spec: { unschedulable: null } })
  await bed.until('chat', 'Reconciling', 'absent')
  assert.deepEqual(await relayNodes(), ['node2'])
})

test('a node that is gone or dark gives its relay to another', { skip }, async () => {
  await restore()
  await apply({ replicas: 1 })
  await told(addresses.node1)
  await bed.nodeStatus('node1', addresses.node1, false)
  await told(addresses.node2)
  await eventually(async () => assert.deepEqual(await relayNodes(), ['node2']))
  await bed.nodeStatus('node1', addresses.node1, true)
  await bed.client.delete(nodeResource, { name: 'node2' })
  await told(addresses.node1)
  await eventually(async () => assert.deepEqual(await relayNodes(), ['node1']))
})

test('no node with the labels: relays go on where they are, the command that is told moves them', {
  skip,
}, async () => {
  await restore()
  await apply({ replicas: 1, nodeSelector: { 'example.org/turn': 'yes' } })
  const kept = await says('TurnAvailable', 'True', /^0 of 1 relays work; 2 others go on until then\. No node/)
  await told(addresses.node1, addresses.node2)
  await obey(messageOf(kept, 'TurnAvailable').split('Label one: ')[1]!, (command) => command.replace('NODE', 'node2'))
  await told(addresses.node2)
  await says('TurnAvailable', 'True', /^1 of 1 relays work\.$/)
  await eventually(async () => assert.deepEqual(await relayNodes(), ['node2']))
  await patchNode('node2', { metadata: { labels: { 'example.org/turn': null } } })
})

test('a new server for which there is no node', { skip }, async () => {
  await bed.apply('none', { domain: 'none.example.org', turn: { nodeSelector: { 'example.org/turn': 'no' } } })
  const stalled = await bed.until('none', 'Stalled', 'True', 'NoNode')
  assert.match(messageOf(stalled, 'Stalled'), /kubectl label node NODE example\.org\/turn=no$/)
  await bed.until('none', 'TurnAvailable', 'False', 'NoNode')
  await bed.until('none', 'MailAvailable', 'True')
})

test('addresses of the resource, a name, and a load balancer', { skip }, async () => {
  await restore()
  await apply({ replicas: 2, publicAddress: { source: 'Static', addresses: ['198.51.100.1', '198.51.100.2'] } })
  await told('198.51.100.1', '198.51.100.2')
  await apply({ replicas: 2, hostname: 'turn.example.org' })
  await eventually(async () => {
    const hosts = toldIn(await bed.object('ConfigMap', 'chat-relays'))
    assert.deepEqual(new Set(hosts), new Set(['turn.example.org']))
  })
  const { status } = await bed.until('chat', 'TurnAvailable', 'True')
  assert.deepEqual(
    status?.dns?.filter(({ name }) => name === 'turn.example.org').map(({ type, value }) => [type, value]),
    [
      ['A', addresses.node1],
      ['A', addresses.node2],
    ],
  )
  await apply({ replicas: 2, exposure: 'LoadBalancer' })
  await bed.until('chat', 'Exposed', 'False', 'WaitingForAddress')
  await bed.balance('chat-turn', '203.0.113.60')
  await told('203.0.113.60')
  await eventually(async () => assert.deepEqual(await relayNodes(), ['lb-0', 'lb-1']))
  await bed.until('chat', 'Ready', 'True')
})

test('a namespace that forbids the ports of nodes: the command that is told mends it', { skip }, async () => {
  await bed.api.kubectl(['create', 'namespace', 'strict'])
  await bed.api.kubectl(['label', 'namespace', 'strict', 'pod-security.kubernetes.io/enforce=restricted'])
  const options = { namespace: 'strict' }
  await bed.apply('safe', { domain: 'safe.example.org', exposure: { type: 'ClusterIP' } }, options)
  const stalled = await bed.until('safe', 'Stalled', 'True', 'NamespaceForbidsHostNetwork', 'strict')
  await bed.until('safe', 'TurnAvailable', 'False', 'NamespaceForbidsHostNetwork', 'strict')
  await bed.until('safe', 'MailAvailable', 'True', undefined, 'strict')
  await obey(messageOf(stalled, 'Stalled').split('Allow them: ')[1]!)
  await bed.until('safe', 'Ready', 'True', undefined, 'strict')
})

/** What is wrong with pods, the reason, and words of the message. */
const ailments: readonly [string, (component: string) => PodStatus, string, RegExp][] = [
  ['the scheduler finds the port taken', () => unschedulable, 'PortTaken', /taken by another pod .*spec\.turn\.port/],
  [
    'the process finds it taken',
    (name) => crashLoop(name, exitCodes.unavailable),
    'PortTaken',
    /by another program on the node/,
  ],
  ['the image is not there', imagePullBackOff, 'ImageNotPulled', /ImagePullBackOff.*spec\.imagePullSecrets/],
  ['it ends', (name) => crashLoop(name, 1), 'Crashing', /exit code 1\. kubectl -n default logs -l .*--previous/],
  [
    'it needs too much memory',
    (name) => crashLoop(name, 137, 'OOMKilled'),
    'Crashing',
    /more memory.*resources\.limits\.memory/,
  ],
]

for (const component of ['turn', 'mail'])
  test(`what keeps a ${component} pod from running is told`, { skip }, async () => {
    await restore()
    await apply({ replicas: 1 })
    const type = component === 'turn' ? 'TurnAvailable' : 'MailAvailable'
    for (const [what, status, reason, words] of ailments) {
      bed.kubelet.ail(component, status(component))
      const message = await eventually(async () => {
        const told = messageOf(await bed.until('chat', type, 'False', reason), type)
        assert.match(told, words, what)
        return told
      })
      assert.doesNotMatch(message, /registry\.example\.org|5a5f|10\.244/, 'a message that changes, or tells too much')
      await bed.until('chat', 'Ready', 'False', 'NotReady')
    }
    bed.kubelet.ail(component, null)
    await bed.until('chat', type, 'True')
  })

test('no pass of all this has gone wrong, and nothing was told that must not be', { skip }, async () => {
  assert.deepEqual(bed.kubelet.problems, [])
  assert.deepEqual(bed.errors(), [])
  await assertDiscreet(bed)
})

beforeEach(() => {
  bed?.kubelet.ail('turn', null)
  bed?.kubelet.ail('mail', null)
})
