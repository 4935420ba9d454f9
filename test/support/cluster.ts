/**
 * A real Kubernetes cluster for tests, of `hack/cluster`, with a name and a folder of its own: it stands in nobody's way,
 * and goes when this process goes.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Flow, type FlowPlan } from './cluster/flow.ts'
import { type Leash, leash } from './cluster/leash.ts'
import { cacheDir } from './cluster/missing.ts'
import { inNetwork, outsider } from './cluster/outsider.ts'
import { type WordsOptions, words } from './cluster/words.ts'
import { eventually } from './eventually.ts'

export type { Flow, FlowPlan } from './cluster/flow.ts'
export type { FlowCounts } from './cluster/flow-counts.ts'
export { clusterMissing } from './cluster/missing.ts'

const project = join(import.meta.dirname, '../..')
const script = (path: string): string => join(project, 'hack', path)

const lan = '203.0.113'

type Environment = Record<string, string | undefined>

/** `pid` names the test process, and so tells which clusters have lost theirs. */
const environmentOf = (pid: number): Environment => {
  const state = join(cacheDir(), `test-${pid}`)
  return {
    ...process.env,
    PATH: `${join(cacheDir(), 'bin')}:${process.env.PATH}`,
    KUBE_CACHE: cacheDir(),
    KUBE_STATE: state,
    KUBE_NAME: `chatmail-test-${pid}`,
    KUBECONFIG: join(state, 'conf/admin.kubeconfig'),
    KUBECACHEDIR: join(state, 'kubectl'),
    ...Object.fromEntries(['CACHE', 'CONFIG', 'DATA'].map((kind) => [`HELM_${kind}_HOME`, join(state, 'helm')])),
  }
}

const running = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Takes down what tests have left that could not: a machine without power does not let go. */
const sweep = async (): Promise<void> => {
  for (const name of readdirSync(cacheDir())) {
    const pid = Number(/^test-(\d+)$/.exec(name)?.[1])
    if (pid && !running(pid)) await words([script('cluster/down.sh')], { env: environmentOf(pid) })
  }
}

export type ClusterOptions = {
  /** 0: the control plane alone. */
  nodes?: number
}

export class Cluster {
  /** The project's image as every node has it. */
  readonly image = 'localhost/chatmail-operator:dev'
  /** For programs in the network of the cluster or of `launch`; the test process itself cannot reach it. */
  readonly kubeconfig: string
  readonly #env: Environment
  readonly #leash: Leash
  readonly #flows: Flow[] = []

  private constructor() {
    this.#env = environmentOf(process.pid)
    this.kubeconfig = this.#env.KUBECONFIG!
    this.#leash = leash(script('cluster/down.sh'), this.#env)
  }

  /** Builds the image and starts a cluster that has it; resolves when all nodes and its DNS are ready. */
  static async start({ nodes = 2 }: ClusterOptions = {}): Promise<Cluster> {
    mkdirSync(cacheDir(), { recursive: true })
    await sweep()
    const cluster = new Cluster()
    try {
      for (const flavour of [[], ['--coturn']])
        await words([script('image/build.sh'), ...flavour], { env: cluster.#env })
      await words([script('cluster/up.sh'), String(nodes)], { env: cluster.#env })
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  /** The address of a node, from 1 on: what TURN listens on. */
  nodeIp(node: number): string {
    return `${lan}.${10 + node}`
  }

  /** Resolves to what it prints. @throws Error with what it says when it fails */
  kubectl(...args: string[]): Promise<string> {
    return this.#client(['kubectl', ...args])
  }

  /** `kubectl apply` of objects. */
  apply(...objects: object[]): Promise<string> {
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n')
    return this.#client(['kubectl', 'apply', '--server-side', '-f', '-'], { input })
  }

  /** Objects as kubectl reads them: `get('pods', '-n', 'default')`. */
  async get<T = unknown>(...args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl('get', '-o', 'json', ...args))
  }

  helm(...args: string[]): Promise<string> {
    return this.#client(['helm', ...args])
  }

  /** Runs a command on the outsider's machine. */
  client(...command: string[]): Promise<string> {
    return this.#client(command)
  }

  /** Runs a command on a node, from 1 on, among its processes and files. */
  node(node: number, ...command: string[]): Promise<string> {
    return words([script('cluster/with.sh'), `node${node}`, ...command], { env: this.#env })
  }

  /** Words to put before a program that is to run outside of the cluster and know `hosts` (name → address) alone. */
  launch(hosts: Readonly<Record<string, string>> = {}): readonly string[] {
    return outsider(this.#network('client'), hosts, this.#env.KUBE_STATE!)
  }

  /** Logs in from outside and resolves to what a client is told of its relay: `host:port:username:password`. */
  turnValue(host: string, port: number, login: string, password: string): Promise<string> {
    const program = join(project, 'test/support/cluster/turn-value-program.ts')
    return this.#client([process.execPath, program], { input: `${host} ${port} ${login} ${password}` })
  }

  /** Relays packets through `plan.turn` from outside of the cluster until it is stopped. @throws Error when refused */
  async flow(plan: Partial<FlowPlan> & { turn: string }): Promise<Flow> {
    const network = inNetwork(this.#network('client'))
    const flow = await Flow.start(network, { rate: 50, refreshSeconds: 5, ...plan })
    this.#flows.push(flow)
    return flow
  }

  /**
   * Plays the cloud: a Service of type LoadBalancer gets an address of the LAN, and what goes there goes to the node of
   * its pod, or to `node`. Done again after the pod has moved. Resolves to the address.
   */
  async balance(namespace: string, service: string, node?: number, address = `${lan}.200`): Promise<string> {
    const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: address }] } } })
    await this.kubectl(
      'patch',
      'service',
      service,
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      status,
    )
    const via = this.nodeIp(node ?? (await this.nodeOf(namespace, service)))
    for (const machine of ['client', 'hub'])
      await words([...inNetwork(this.#network(machine)), 'ip', 'route', 'replace', address, 'via', via])
    return address
  }

  /** The node of a Service's first pod, ready or not, once it has one. */
  nodeOf(namespace: string, service: string): Promise<number> {
    const path = 'jsonpath={.items[*].endpoints[*].nodeName}'
    const label = `kubernetes.io/service-name=${service}`
    return eventually(async () => {
      const nodes = await this.kubectl('get', 'endpointslices', '-n', namespace, '-l', label, '-o', path)
      const node = Number(/node(\d+)/.exec(nodes)?.[1])
      if (!node) throw new Error(`no pod of the Service ${namespace}/${service} is on a node`)
      return node
    }, 60_000)
  }

  /** What a person looks at first when something is wrong: for the message of a test that fails. */
  async report(): Promise<string> {
    const pods = await this.kubectl('get', 'pods', '-A', '-o', 'wide')
    return `${pods}\n${await this.kubectl('get', 'events', '-A', '--sort-by=.lastTimestamp')}`
  }

  /** Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    for (const flow of this.#flows) flow.kill()
    await this.#leash.letGo()
  }

  #network(machine: string): string {
    return `${this.#env.KUBE_NAME}-${machine}`
  }

  #client(command: readonly string[], options: WordsOptions = {}): Promise<string> {
    return words([...inNetwork(this.#network('client')), ...command], { env: this.#env, ...options })
  }
}
