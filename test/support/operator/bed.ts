/** A real API server with the CRD, some nodes, pods that are faked, and an operator in this process. */
import { randomBytes } from 'node:crypto'
import { Registry } from 'prom-client'
import type { Status } from '../../../operator/api/status.ts'
import { KubeClient } from '../../../operator/kube/client.ts'
import type { KubeObject, Resource } from '../../../operator/kube/objects.ts'
import { type OperatorOptions, type RunningOperator, startOperator } from '../../../operator/reconcile/operator.ts'
import type { Pace } from '../../../operator/reconcile/pace.ts'
import { nodeResource, resourceOf, serverResource } from '../../../operator/reconcile/resources.ts'
import { createLogger } from '../../../workloads/kit/log/logger.ts'
import { ApiServer, type ApiServerOptions } from '../api-server.ts'
import { eventually } from '../eventually.ts'
import { installDefinition } from './definition.ts'
import { FakeKubelet } from './fake-kubelet.ts'

export type Live = KubeObject & { status?: Status }

/** What nothing announces is looked for soon. */
export const brisk: Pace = {
  resyncMs: 300_000,
  problemMs: 200,
  certificateMs: 200,
  proofs: { worksMs: 100, failsMs: 50 },
}

/** `podIP` gives pods their addresses, by their number from 1. */
export type BedOptions = ApiServerOptions & { podIP?: (number: number) => string }

export class OperatorBed {
  readonly api: ApiServer
  readonly client: KubeClient
  readonly kubelet: FakeKubelet
  /** What operators have logged, as a person reads it. */
  readonly logged: string[] = []
  readonly #operators: RunningOperator[] = []

  private constructor(api: ApiServer, { podIP }: BedOptions) {
    this.api = api
    this.client = KubeClient.fromConfig({ kubeconfig: api.kubeconfig })
    this.kubelet = new FakeKubelet({ client: this.client, nodes: ['node1', 'node2'], ...(podIP && { podIP }) })
  }

  static async start(options: BedOptions = {}): Promise<OperatorBed> {
    const bed = new OperatorBed(await ApiServer.start(options), options)
    await installDefinition(bed.api)
    await bed.addNode('node1', '203.0.113.11')
    await bed.addNode('node2', '203.0.113.12')
    await bed.kubelet.start()
    return bed
  }

  async addNode(name: string, address: string, annotated = true): Promise<void> {
    const annotations: Record<string, string> = annotated ? { 'chatmail.dev/public-address': address } : {}
    const metadata = { name, labels: { 'kubernetes.io/hostname': name }, annotations }
    await this.client.apply(
      nodeResource,
      { apiVersion: 'v1', kind: 'Node', metadata, spec: {} },
      { manager: 'test', force: true },
    )
    await this.nodeStatus(name, address, true)
  }

  async nodeStatus(name: string, address: string, ready: boolean): Promise<void> {
    const times = { lastTransitionTime: '2026-01-01T00:00:00Z', lastHeartbeatTime: '2026-01-01T00:00:00Z' }
    const condition = {
      type: 'Ready',
      status: ready ? 'True' : 'Unknown',
      reason: 'KubeletReady',
      message: '',
      ...times,
    }
    const status = { addresses: [{ type: 'InternalIP', address }], conditions: [condition] }
    await this.client.applyStatus(
      nodeResource,
      { apiVersion: 'v1', kind: 'Node', metadata: { name }, status },
      { manager: 'test', force: true },
    )
  }

  /** An operator with what a test changes of it. */
  async operate(change: Partial<OperatorOptions> = {}): Promise<RunningOperator> {
    const operator = await startOperator({
      client: this.client,
      namespaces: [],
      image: 'registry.example.org/chatmail-operator:test',
      port: 0,
      leaderNamespace: null,
      identity: `test-${randomBytes(4).toString('hex')}`,
      log: this.#log,
      metrics: new Registry(),
      prove: async () => ({ ok: true, rttMs: 1 }),
      proveIroh: async () => ({ ok: true, rttMs: 1 }),
      readState: this.kubelet.readState,
      resolve: async () => [],
      random: randomBytes,
      now: Date.now,
      ...change,
    })
    this.#operators.push(operator)
    return operator
  }

  readonly #log = createLogger({
    workload: 'operator',
    noLog: true,
    level: 'debug',
    stream: {
      write: (line) => {
        this.logged.push(line)
        if (process.env.OPERATOR_LOG) process.stderr.write(line)
      },
    },
  })

  /** Passes that went wrong, and worse, as they were logged. */
  errors(): string[] {
    return this.logged.filter((line) => /"level":"(error|fatal)"/.test(line))
  }

  /** Asks for a pass, as a person does. */
  async lookAgain(name: string, namespace = 'default'): Promise<void> {
    const annotations = { 'chatmail.dev/reconcile-at': randomBytes(4).toString('hex') }
    await this.client.mergePatch(serverResource, { namespace, name }, { metadata: { annotations } })
  }

  /** An object of a kind that servers consist of, or null. */
  object<T extends KubeObject>(kind: string, name: string, namespace = 'default'): Promise<T | null> {
    const resource: Resource = resourceOf({ kind })
    return this.client.get<T>(resource, { namespace, name })
  }

  async apply(
    name: string,
    spec: object,
    change: { namespace?: string; annotations?: Record<string, string> } = {},
  ): Promise<Live> {
    const metadata = {
      name,
      namespace: change.namespace ?? 'default',
      ...(change.annotations ? { annotations: change.annotations } : {}),
    }
    const object = { apiVersion: 'chatmail.dev/v1alpha1', kind: 'ChatmailServer', metadata, spec }
    return this.client.apply(serverResource, object, { manager: 'a-person', force: true })
  }

  async server(name: string, namespace = 'default'): Promise<Live | null> {
    return this.client.get<Live>(serverResource, { namespace, name })
  }

  /** Resolves to the server once the condition is as told and the status is of the last generation. */
  until(name: string, type: string, status: string, reason?: string, namespace = 'default'): Promise<Live> {
    return eventually(async () => {
      const server = await this.server(name, namespace)
      const condition = server?.status?.conditions?.find((each) => each.type === type)
      const current = server?.status?.observedGeneration === server?.metadata.generation
      if (!current || (condition?.status ?? 'absent') !== status || (reason && condition?.reason !== reason))
        throw new Error(
          `${name} ${type}: wanted ${status} ${reason ?? ''}, is ${JSON.stringify(server?.status?.conditions, null, 1)}`,
        )
      return server!
    })
  }

  /** Gives the Service the address that a cloud would. */
  async balance(name: string, ip: string, namespace = 'default'): Promise<void> {
    const patch = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip }] } } })
    const args = ['patch', 'service', name, '--subresource=status', '--type=merge', '-p', patch]
    await eventually(() => this.api.kubectl(['-n', namespace, ...args]))
  }

  async stop(): Promise<void> {
    for (const operator of this.#operators) await operator.stop()
    await this.kubelet.stop()
    await this.client.close()
    await this.api.stop()
  }
}
