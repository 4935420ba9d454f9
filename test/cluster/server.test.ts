// A community's way, on a real cluster of two nodes: helm install, five lines, two people from outside, and then everything
// that happens to a server while calls go on. One story: each test goes on where the one before ended.
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { after, before, test } from 'node:test'
import type { Status } from '../../operator/api/status.ts'
import { Cluster, clusterMissing, type Flow } from '../support/cluster.ts'
import { coreMissing } from '../support/deltachat.ts'
import { eventually } from '../support/eventually.ts'
import { missing } from '../support/oracle.ts'
import { Person } from '../support/person.ts'

const skip = clusterMissing() || coreMissing() || missing('turnserver') || missing('turnutils_uclient')
const domain = 'chat.example.org'
const namespace = 'community'
const address = '203.0.113.200'

let cluster: Cluster
const people: Person[] = []
before(async () => {
  if (!skip) cluster = await Cluster.start({ nodes: 2 })
})
after(async () => {
  for (const person of people) await person.stop()
  await cluster?.stop()
})

let ended = false

/** A part of the story; where one fails, the cluster is shown as it is then, and the story ends. */
const story = (name: string, tell: () => Promise<void>) =>
  test(name, { skip }, async () => {
    assert.equal(ended, false, 'the story has ended before')
    try {
      await tell()
    } catch (error) {
      ended = true
      console.error(await cluster.report())
      throw error
    }
  })

const server = () => cluster.get<{ status: Status }>('chatmailserver', 'chat', '-n', namespace)

/** Resolves once a condition is as told; the message of a failure says what is the case instead. */
const until = (type: string, status: string, reason?: string, timeoutMs = 60_000) =>
  eventually(async () => {
    const { conditions = [] } = (await server()).status
    const condition = conditions.find((each) => each.type === type)
    if (condition?.status !== status || (reason && condition.reason !== reason))
      throw new Error(`${type} is not ${status} ${reason ?? ''}: ${JSON.stringify(conditions, null, 1)}`)
    return condition
  }, timeoutMs)

const annotate = (what: string, ...annotations: string[]) =>
  cluster.kubectl('annotate', '--overwrite', ...what.split(' '), ...annotations)

/** The page as a visitor from outside sees it, with the invite for the next person. */
const invite = async (): Promise<string> => {
  const page = await cluster.client('curl', '-sk', '--resolve', `${domain}:443:${address}`, `https://${domain}/`)
  return /href="(dc(?:login|account):[^"]+)"/i.exec(page)![1]!.replaceAll('&amp;', '&')
}

const join = async (name: string): Promise<Person> => {
  const person = await Person.join(name, await invite(), cluster.launch({ [domain]: address }))
  people.push(person)
  return person
}

/** What a client is told at a login: host, port, user name and password of its relay. */
const turnValue = () => cluster.turnValue(address, 993, `relayuser@${domain}`, 'a-password-of-22-chars')

const helm = ['chatmail', 'charts/chatmail-operator', '--namespace', 'chatmail-system']
const image = ['--set', 'image.repository=localhost/chatmail-operator,image.tag=dev,image.pullPolicy=Never']

story('helm install brings the operator', async () => {
  const notes = await cluster.helm('install', ...helm, '--create-namespace', ...image, '--wait', '--timeout', '90s')
  assert.match(notes, /STATUS: deployed/)
  await cluster.helm('test', 'chatmail', '--namespace', 'chatmail-system', '--timeout', '60s')
})

story('five lines: what is missing is said with the command that mends it, and then the server is ready', async () => {
  await cluster.kubectl('create', 'namespace', namespace)
  await cluster.apply({
    apiVersion: 'chatmail.dev/v1alpha1',
    kind: 'ChatmailServer',
    metadata: { name: 'chat', namespace },
    spec: { domain },
  })
  const stalled = await until('Stalled', 'True', 'NoPublicAddress')
  assert.match(stalled.message, /kubectl annotate node node1 chatmail\.dev\/public-address=ADDRESS/)
  for (const node of [1, 2]) await annotate(`node node${node}`, `chatmail.dev/public-address=${cluster.nodeIp(node)}`)
  await until('Exposed', 'False', 'WaitingForAddress')
  await cluster.balance(namespace, 'chat-mail', undefined, address)
  await cluster.kubectl('wait', '--for=condition=Ready', 'chatmailserver/chat', '-n', namespace, '--timeout=90s')
  const line = await cluster.kubectl('get', 'chatmailserver', 'chat', '-n', namespace, '--no-headers')
  assert.match(line, /^chat +chat\.example\.org +True +True +True +True +Everything works/)
})

story('two people from outside write to one another and are told of the relay on the node', async () => {
  const [alice, bob] = [await join('Alice'), await join('Bob')]
  const chat = await alice.secureJoin(bob)
  await alice.sendText(chat, 'from outside')
  assert.equal((await bob.receive('from outside')).text, 'from outside')
  const [ice] = await alice.iceServers()
  assert.deepEqual(ice!.urls, [`turn:${cluster.nodeIp(1)}:3478`])
})

story('clients are told of the relay for real-time apps, and it works from outside', async () => {
  const { iroh } = (await server()).status.endpoints!
  assert.equal(iroh, `http://${domain}/`)
  const chatmail = [process.execPath, resolve(import.meta.dirname, '../../operator/main.ts')]
  const outside = cluster.launch({ [domain]: address })
  const found = await cluster.client(...outside, ...chatmail, 'iroh', 'test', '--url', iroh, '--output', 'json')
  const { ok, steps } = JSON.parse(found) as { ok: boolean; steps: { step: string; ok: boolean }[] }
  assert.ok(ok && steps.every((step) => step.ok), found)
})

story('where nothing but HTTPS gets out, TURN is on its port, over TLS and without', async () => {
  const [, , username, password] = (await turnValue()).split(':')
  const words = ['-t', '-y', '-n', '10', '-z', '100', '-u', username!, '-w', password!, '-p', '443']
  for (const flags of [[], ['-S']]) {
    const output = await cluster.client('turnutils_uclient', ...words, ...flags, address)
    const [, sent, received] = [...output.matchAll(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/g)].at(-1)!.map(Number)
    // Over TLS it takes what one read brings for one message, and misses the second where there are two.
    assert.ok(sent! > 0 && received! >= (flags.length === 0 ? sent! : sent! * 0.9), output)
  }
})

/** The relayed packets of a call, and what it must look like at its end. */
const unharmed = async (flow: Flow): Promise<void> => {
  const { sent, lost, refused, refreshed } = await flow.stop()
  assert.deepEqual(refused, {})
  assert.ok(refreshed > 0 && sent > 0)
  assert.ok(lost <= sent * 0.02, `${lost} of ${sent} lost`)
}

story('the key is replaced through all phases while a call goes on', async () => {
  const before = await turnValue()
  const flow = await cluster.flow({ turn: before, rate: 50, refreshSeconds: 1 })
  const began = performance.now()
  await annotate(`chatmailserver chat -n ${namespace}`, 'chatmail.dev/rotate-keys=first')
  const passwordOf = (value: string): string => value.split(':')[3]!
  const renewed = await eventually(async () => {
    const value = await turnValue()
    if (passwordOf(value) === passwordOf(before)) throw new Error('clients still get the old key')
    const { turnKeys } = (await server()).status
    if (turnKeys?.phase !== 'Switched') throw new Error(`the phase is ${turnKeys?.phase}`)
    return value
  }, 60_000)
  console.log(`a new key was asked for, and clients got it ${((performance.now() - began) / 1000).toFixed(1)} s later`)
  const second = await cluster.flow({ turn: renewed, rate: 20, refreshSeconds: 1 })
  const old = await cluster.flow({ turn: before, rate: 20, refreshSeconds: 1 })
  for (const each of [flow, second, old]) await unharmed(each)
})

story('a restart of the operator and of mail ends no call and loses no message', async () => {
  const [alice, bob] = people as [Person, Person]
  const flow = await cluster.flow({ turn: await turnValue(), rate: 50, refreshSeconds: 1 })
  const chat = await alice.chatWith(bob)
  const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`)
  for (const text of texts) await alice.sendTextAndWait(chat, text)
  await cluster.kubectl('delete', 'pod', '-n', 'chatmail-system', '-l', 'app.kubernetes.io/name=chatmail-operator')
  await cluster.kubectl('delete', 'pod', 'chat-mail-0', '-n', namespace)
  await cluster.kubectl('rollout', 'status', 'statefulset/chat-mail', '-n', namespace, '--timeout=90s')
  await cluster.balance(namespace, 'chat-mail', undefined, address)
  await alice.core.call('maybe_network')
  await bob.core.call('maybe_network')
  for (const text of texts) await bob.receive(text)
  // The client takes its time to try again; the story goes on meanwhile.
  await alice.sendText(chat, 'after the restart')
  await cluster.kubectl('wait', '--for=condition=Ready', 'chatmailserver/chat', '-n', namespace, '--timeout=90s')
  await unharmed(flow)
})

const patch = (spec: object) =>
  cluster.kubectl('patch', 'chatmailserver', 'chat', '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec }))

/** Resolves once the last change of the resource has been brought about everywhere. */
const settled = () =>
  eventually(async () => {
    const { metadata, status } = await cluster.get<{ metadata: { generation: number }; status: Status }>(
      'chatmailserver',
      'chat',
      '-n',
      namespace,
    )
    assert.equal(status.observedGeneration, metadata.generation)
    const condition = (type: string) => status.conditions?.find((each) => each.type === type)?.status
    assert.deepEqual(
      [condition('Ready'), condition('Reconciling'), condition('Stalled')],
      ['True', undefined, undefined],
    )
  }, 90_000)

/** Resolves once the relay on a node is in that state. */
const relayIs = (node: string, state: string) =>
  eventually(async () => {
    const { endpoints } = (await server()).status
    const relay = endpoints?.turn?.find((each) => each.node === node)
    if (relay?.state !== state) throw new Error(`the relay on ${node} is not ${state}: ${JSON.stringify(endpoints)}`)
  }, 60_000)

/** The same credential at the relay of a node. */
const at = (value: string, node: number): string => [cluster.nodeIp(node), ...value.split(':').slice(1)].join(':')

story('a rollout of relays goes node by node, and calls on both go on', async () => {
  await patch({ turn: { replicas: 2, drain: { deadline: '60s' } } })
  await settled()
  await people[1]!.receive('after the restart')
  const value = await turnValue()
  const flows = await Promise.all(
    [at(value, 1), at(value, 2)].map((turn) => cluster.flow({ turn, rate: 50, refreshSeconds: 1 })),
  )
  const across = await cluster.flow({ turn: at(value, 1), other: at(value, 2), rate: 50, refreshSeconds: 1 })
  await patch({ turn: { limits: { allocations: 3000 } } })
  await relayIs('node1', 'Draining')
  await relayIs('node2', 'Ready')
  await eventually(async () => assert.equal((await turnValue()).split(':')[0], cluster.nodeIp(2)))
  await unharmed(across)
  await unharmed(flows[0]!)
  await relayIs('node2', 'Draining')
  await relayIs('node1', 'Ready')
  await unharmed(flows[1]!)
  await settled()
})

story('kubectl drain: the relay moves to another node, and the call ends when its people hang up', async () => {
  await patch({ turn: { replicas: 1 } })
  await settled()
  assert.equal((await server()).status.endpoints?.turn?.length, 1)
  const value = await eventually(async () => {
    const told = await turnValue()
    assert.equal(told.split(':')[0], cluster.nodeIp(1))
    return told
  })
  const flow = await cluster.flow({ turn: value, rate: 50, refreshSeconds: 1 })
  const flags = ['--ignore-daemonsets', '--delete-emptydir-data', '--timeout=90s']
  const drained = cluster.kubectl('drain', 'node1', ...flags)
  drained.catch(() => undefined)
  await relayIs('node2', 'Ready')
  await cluster.kubectl('rollout', 'status', 'statefulset/chat-mail', '-n', namespace, '--timeout=90s')
  await cluster.balance(namespace, 'chat-mail', undefined, address)
  await eventually(async () => assert.equal((await turnValue()).split(':')[0], cluster.nodeIp(2)), 30_000)
  await unharmed(flow)
  await drained
  await cluster.kubectl('uncordon', 'node1')
  await settled()
})

/** Changes the relay's program while a call goes on, which ends when its people hang up. */
const changeEngine = async (engine: 'Coturn' | 'Builtin', flow: Flow): Promise<void> => {
  const [relay] = (await server()).status.endpoints!.turn!
  const { sent } = flow.counts
  await patch({ turn: { engine } })
  await relayIs(relay!.node!, 'Draining')
  await flow.until((counts) => counts.sent >= sent + 50)
  await unharmed(flow)
  await settled()
}

story('coturn in place of the relay and back: calls go on through both changes and a new key', async () => {
  const call = async () => cluster.flow({ turn: await turnValue(), rate: 50, refreshSeconds: 1 })
  const passwordTold = async () => (await turnValue()).split(':')[3]
  await changeEngine('Coturn', await call())
  const pods = ['get', 'pods', '-n', namespace, '-l', 'app.kubernetes.io/component=turn', '-o', 'jsonpath={..image}']
  assert.match(await cluster.kubectl(...pods), /dev-coturn/)
  const [flow, before] = [await call(), await passwordTold()]
  await annotate(`chatmailserver chat -n ${namespace}`, 'chatmail.dev/rotate-keys=with-coturn')
  await eventually(async () => assert.notEqual(await passwordTold(), before), 30_000)
  await changeEngine('Builtin', flow)
  assert.doesNotMatch(await cluster.kubectl(...pods), /dev-coturn/)
})

story('what only a person can mend is said: each part its own', async () => {
  const other = 'elsewhere'
  const conditions = async () =>
    (await cluster.get<{ status: Status }>('chatmailserver', 'second', '-n', other)).status.conditions ?? []
  const told = (type: string, reason: string, words: RegExp) =>
    eventually(async () => {
      const all = await conditions()
      const condition = all.find((each) => each.type === type)
      assert.equal(condition?.reason, reason, JSON.stringify(all, null, 1))
      assert.match(condition!.message, words)
    }, 60_000)
  const apply = (spec: object) =>
    cluster.apply({
      apiVersion: 'chatmail.dev/v1alpha1',
      kind: 'ChatmailServer',
      metadata: { name: 'second', namespace: other },
      spec,
    })
  await cluster.kubectl('create', 'namespace', other)
  const level = 'pod-security.kubernetes.io/enforce'
  await cluster.kubectl('label', 'namespace', other, `${level}=baseline`)
  const wrong = { domain: 'other.example.org', turn: { port: 3478, replicas: 2 }, tls: { secretName: 'mine' } }
  await apply({ ...wrong, image: 'registry.invalid/chatmail:1' })
  await told('Stalled', 'NamespaceForbidsHostNetwork', /kubectl label namespace elsewhere .*=privileged --overwrite/)
  await cluster.kubectl('label', '--overwrite', 'namespace', other, `${level}=privileged`)
  await told('CertificateReady', 'SecretMissing', /kubectl -n elsewhere create secret tls mine/)
  await told('TurnAvailable', 'PortTaken', /spec\.turn\.port/)
  await apply({ domain: 'other.example.org', turn: { enabled: false }, image: 'registry.invalid/chatmail:1' })
  await told('MailAvailable', 'ImageNotPulled', /spec\.image/)
  await cluster.kubectl('delete', 'chatmailserver', 'second', '-n', other)
  await apply({ domain })
  await told('Stalled', 'DomainTaken', /community\/chat/)
  await cluster.kubectl('delete', 'namespace', other, '--wait=false')
})

story(
  'what is uninstalled leaves servers and accounts; a server that is deleted leaves its volume and keys',
  async () => {
    await cluster.helm('uninstall', 'chatmail', '--namespace', 'chatmail-system', '--wait')
    assert.match(await cluster.kubectl('get', 'chatmailserver', '-A'), /chat\.example\.org/)
    await cluster.kubectl('delete', 'chatmailserver', 'chat', '-n', namespace)
    const left = () =>
      cluster.kubectl('get', 'pvc,secret,deployment,statefulset,service', '-n', namespace, '-o', 'name')
    await eventually(async () => {
      const names = (await left()).trim().split('\n').sort()
      assert.deepEqual(names, ['persistentvolumeclaim/chat-mail-data', 'secret/chat-tls', 'secret/chat-turn-keyring'])
    }, 60_000)
  },
)
