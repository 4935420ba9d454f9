// Whole passes over a cluster in memory, where everything else happens in any order: pods start, stop, crash and load their
// files late, nodes are drained and go dark, people change the resource, and the operator itself is ended between two writes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Write } from '../../test/support/operator/model/api.ts'
import { ModelCluster, type ModelPod } from '../../test/support/operator/model/cluster.ts'
import { ModelOperator } from '../../test/support/operator/model/operator.ts'
import { type Keyring, signingKey } from '../../workloads/contract/keyring.ts'
import { status as statusSchema } from '../api/status.ts'
import type { KubeObject } from '../kube/objects.ts'
import { rotateAnnotation } from '../turnkeys/policy.ts'
import { nodeOf } from './rollout.ts'
import { secretText } from './view.ts'

const hour = 3_600_000
const day = 24 * hour
const ttlSeconds = 86_400

type Turn = { enabled: boolean; replicas: number; port: number; limits: { allocations: number } }

const ringOf = (secret: KubeObject | null | undefined): Keyring | null =>
  secret ? JSON.parse(secretText(secret, 'keyring.json')!) : null

const templateOf = (object: KubeObject | null): string =>
  JSON.stringify((object?.spec as { template?: unknown } | undefined)?.template)

/** A server on three nodes, and what must hold at each write of its operator. */
class World {
  readonly cluster = new ModelCluster(['n1', 'n2', 'n3'])
  readonly turn: Turn = { enabled: true, replicas: 2, port: 3478, limits: { allocations: 2000 } }
  readonly operator: ModelOperator
  readonly #violations: Error[] = []
  #annotations: Record<string, string> = {}
  /** Deployments that were changed while they served and do not serve again yet. */
  readonly #replaced = new Set<string>()
  /** Pods that clients have been told of. */
  readonly #told = new Set<string>()
  /** Secret of a key → when a mail pod could last sign with it, in milliseconds. */
  readonly #lastSigned = new Map<string, number>()

  constructor() {
    this.write()
    this.operator = new ModelOperator(this.cluster)
    this.cluster.api.onWrite = (write) => {
      try {
        this.#check(write)
      } catch (error) {
        // A pass takes what a call throws for a failed call.
        this.#violations.push(error as Error)
      }
    }
  }

  #check({ before, after }: Write): void {
    const object = after ?? before
    if (object && nodeOf(object)) this.#checkRelay(before, after)
    if (object?.metadata.name === 'chat-turn-keyring') this.#checkRing(ringOf(before), ringOf(after)!)
  }

  /** @throws what was wrong with a write */
  judge(): void {
    // One that has come back may be lost again, which is nobody's replacement.
    for (const each of [...this.#replaced]) if (this.#isBack(each)) this.#replaced.delete(each)
    const [violation] = this.#violations
    if (violation) throw violation
  }

  /** What the person wants now. */
  write(): void {
    const spec = {
      domain: 'chat.example.org',
      turn: { ...this.turn, credentials: { ttl: '1d', rotation: { interval: '30d' } } },
      iroh: { mode: 'Disabled' },
    }
    const metadata = { name: 'chat', namespace: 'mail', annotations: this.#annotations }
    this.cluster.api.put({ apiVersion: 'chatmail.dev/v1alpha1', kind: 'ChatmailServer', metadata, spec })
  }

  ask(id: number): void {
    this.#annotations = { [rotateAnnotation]: `request-${id}` }
    this.write()
  }

  get mailPods(): ModelPod[] {
    return this.cluster.pods.filter((pod) => this.cluster.component(pod) === 'mail' && pod.running)
  }

  podOf(deployment: KubeObject): ModelPod | undefined {
    return this.cluster.pods.find((pod) => pod.ownerUid === deployment.metadata.uid && this.cluster.isServing(pod))
  }

  /** Mail pods tell and sign with what they have until they have something else. */
  sign(): void {
    const told = this.mailPods.flatMap((pod) =>
      this.cluster.toldBy(pod).turn.map(({ host, port }) => `${host}:${port}`),
    )
    for (const pod of this.cluster.pods)
      if (this.cluster.component(pod) === 'turn' && pod.running && told.includes(this.cluster.endpointOf(pod)))
        this.#told.add(pod.uid)
    for (const pod of this.mailPods) this.#lastSigned.set(this.cluster.signedBy(pod), this.cluster.now)
  }

  /** True when the relay works again, or another node takes its place. */
  #isBack(name: string): boolean {
    const deployment = this.cluster.api.objects.get(`Deployment/${name}`)
    if (!deployment) return true
    const { cordoned, darkSince } = this.cluster.node(nodeOf(deployment)!)
    if (cordoned || darkSince !== null) return true
    const pod = this.podOf(deployment)
    return pod !== undefined && pod.template === templateOf(deployment)
  }

  #checkRelay(before: KubeObject | null, after: KubeObject | null): void {
    if (!before || templateOf(before) === templateOf(after)) return
    const pod = this.podOf(before)
    if (!pod) return
    const endpoint = this.cluster.endpointOf(pod)
    const telling = this.mailPods.filter(
      (mail) =>
        !this.cluster.isDark(mail) &&
        this.cluster.toldBy(mail).turn.some(({ host, port }) => `${host}:${port}` === endpoint),
    )
    assert.equal(telling.length, 0, `${before.metadata.name} changes while a mail pod tells clients of it`)
    // One that came up a moment ago and was never told has no clients.
    if (!after || !this.#told.has(pod.uid)) return
    const { name } = before.metadata
    const others = [...this.#replaced].filter((each) => each !== name && !this.#isBack(each))
    assert.deepEqual(others, [], `${name} is replaced while another is`)
    this.#replaced.add(name)
  }

  #checkRing(before: Keyring | null, after: Keyring): void {
    if (!before) return
    const { secret } = signingKey(after)
    if (signingKey(before).secret !== secret)
      for (const pod of this.cluster.pods)
        if (this.cluster.component(pod) === 'turn' && pod.running && !this.cluster.isDark(pod))
          assert.ok(
            this.cluster.ringOf(pod).keys.some((key) => key.secret === secret),
            'a key signs that a relay does not have',
          )
    for (const { secret: dropped } of before.keys.filter((key) => !after.keys.some(({ id }) => id === key.id))) {
      const last = this.#lastSigned.get(dropped) ?? 0
      assert.ok(last + ttlSeconds * 1000 < this.cluster.now, 'a key is dropped while a credential of it lives')
    }
  }

  /** Everybody does what is theirs, once. */
  async round(): Promise<void> {
    const { cluster, operator } = this
    operator.watch()
    await operator.pass()
    for (const workload of cluster.workloads()) cluster.control(workload)
    cluster.collect()
    for (const pod of cluster.pods) cluster.progress(pod)
    for (const pod of cluster.pods) cluster.sync(pod)
    operator.prove()
    cluster.now += 1000
    this.sign()
  }

  /** Rounds until nothing is written any more. */
  async settle(): Promise<void> {
    const { api } = this.cluster
    for (let round = 0, quiet = 0; quiet < 4; round++) {
      assert.ok(round < 120, 'it does not come to rest')
      const before = api.writes
      await this.round()
      this.judge()
      quiet = api.writes === before ? quiet + 1 : 0
    }
  }
}

type Act = (world: World, index: number) => void | Promise<void>

const at = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(1, items.length)]

const acts: Record<string, { weight: number; act: Act }> = {
  pass: { weight: 8, act: async ({ operator }) => void (await operator.pass()) },
  cutPass: { weight: 2, act: async ({ operator }, index) => operator.cutPass(index % 6) },
  watch: { weight: 6, act: ({ operator }) => operator.watch() },
  prove: { weight: 4, act: ({ operator }) => operator.prove() },
  restart: { weight: 1, act: ({ operator }) => operator.restart() },
  round: { weight: 6, act: (world) => world.round() },
  control: {
    weight: 5,
    act: ({ cluster }, index) => {
      const workload = at(cluster.workloads(), index)
      if (workload) cluster.control(workload)
      cluster.collect()
    },
  },
  progress: {
    weight: 8,
    act: ({ cluster }, index) => {
      const pod = at(cluster.pods, index)
      if (pod) cluster.progress(pod)
    },
  },
  sync: {
    weight: 5,
    act: ({ cluster }, index) => {
      const pod = at(cluster.pods, index)
      if (pod) cluster.sync(pod)
    },
  },
  crash: {
    weight: 1,
    act: ({ cluster }, index) => {
      const pod = at(cluster.pods, index)
      if (pod) cluster.crash(pod)
    },
  },
  evict: {
    weight: 1,
    act: ({ cluster }, index) => {
      const pod = at(cluster.pods, index)
      if (pod) cluster.terminate(pod)
    },
  },
  cordon: {
    weight: 1,
    act: ({ cluster }, index) => {
      const node = at(cluster.nodes, index)!
      node.cordoned = !node.cordoned
    },
  },
  darken: { weight: 1, act: ({ cluster }, index) => cluster.darken(at(cluster.nodes, index)!) },
  light: {
    weight: 1,
    act: ({ cluster }, index) => {
      at(cluster.nodes, index)!.darkSince = null
    },
  },
  replicas: {
    weight: 1,
    act: (world, index) => {
      world.turn.replicas = 1 + (index % 3)
      world.write()
    },
  },
  limits: {
    weight: 2,
    act: (world, index) => {
      world.turn.limits = { allocations: 1 + index }
      world.write()
    },
  },
  port: {
    weight: 1,
    act: (world, index) => {
      world.turn.port = 3478 + (index % 3)
      world.write()
    },
  },
  onOff: {
    weight: 1,
    act: (world) => {
      world.turn.enabled = !world.turn.enabled
      world.write()
    },
  },
  ask: { weight: 2, act: (world, index) => world.ask(index % 4) },
  minutes: {
    weight: 2,
    act: ({ cluster }, index) => {
      cluster.now += (index % 10) * 60_000
    },
  },
  days: {
    weight: 2,
    act: ({ cluster }, index) => {
      cluster.now += (index % 40) * day
    },
  },
}

const step = fc.tuple(
  fc.oneof(...Object.entries(acts).map(([name, { weight }]) => ({ weight, arbitrary: fc.constant(name) }))),
  fc.nat(1000),
)

const told = ({ cluster }: World): string[] => {
  const mail = cluster.pods.find((pod) => cluster.component(pod) === 'mail')!
  return cluster.toldBy(mail).turn.map(({ host, port }) => `${host}:${port}`)
}

test('in any order of things no relay that serves is lost, no credential is refused, and in the end all is as the resource says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), async (steps) => {
      const world = new World()
      const { cluster } = world
      await world.settle()
      assert.equal(told(world).length, 2)
      for (const [name, index] of steps) {
        await acts[name]!.act(world, index)
        world.sign()
        world.judge()
        const { status } = cluster.api.objects.get('ChatmailServer/chat') as { status?: unknown }
        statusSchema.parse(status)
      }
      for (const node of cluster.nodes) node.darkSince = null
      await world.settle()
      const fit = cluster.nodes.filter(({ cordoned }) => !cordoned).length
      const hosts = told(world)
      assert.ok(hosts.length >= (world.turn.enabled ? Math.min(world.turn.replicas, fit) : 0), JSON.stringify(hosts))
      assert.ok(hosts.length <= (world.turn.enabled ? world.turn.replicas : 0), JSON.stringify(hosts))
      const mail = cluster.pods.find((pod) => cluster.component(pod) === 'mail')!
      for (const endpoint of hosts) {
        const [host, port] = endpoint.split(':') as [string, string]
        assert.ok(cluster.serves(host, Number(port), cluster.signedBy(mail)), `${endpoint} is told and does not work`)
        // A relay that cannot come back holds up the others, which serve.
        if (cluster.nodes.every(({ cordoned }) => !cordoned)) assert.equal(Number(port), world.turn.port)
      }
    }),
    { numRuns: 15 },
  )
})
