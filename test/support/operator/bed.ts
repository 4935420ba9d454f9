/** A real API server with the CRD, some nodes, pods that are faked, and an operator in this process. */
import { randomBytes } from 'node:crypto'
import { Registry } from 'prom-client'
import type { Status } from '../../../operator/api/status.ts'
import { KubeClient } from '../../../operator/kube/client.ts'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import { type OperatorOptions, type RunningOperator, startOperator } from '../../../operator/reconcile/operator.ts'
import { nodeResource, serverResource } from '../../../operator/reconcile/resources.ts'
import { ApiServer } from '../api-server.ts'
import { eventually } from '../eventually.ts'
import { installDefinition } from './definition.ts'
import { FakeKubelet } from './fake-kubelet.ts'

export type Live = KubeObject & { status?: Status }

const silent = process.env.OPERATOR_LOG
  ? { info: console.log, warn: (o: object, m: string) => console.dir([o, m], { depth: 8 }), error: console.log }
  : { info: () => {}, warn: () => {}, error: () => {} }

export class OperatorBed {
  readonly api: ApiServer
  readonly client: KubeClient
  readonly kubelet: FakeKubelet
  readonly #operators: RunningOperator[] = []

  private constructor(api: ApiServer) {
    this.api = api
    this.client = KubeClient.fromConfig({ kubeconfig: api.kubeconfig })
    this.kubelet = new FakeKubelet({ client: this.client, nodes: ['node1', 'node2'] })
  }

  static async start(): Promise<OperatorBed> {
    const bed = new OperatorBed(await ApiServer.start())
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
    const status = {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          lastHeartbeatTime: '2026-01-01T00:00:00Z',
        },
      ],
    }
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
      log: silent,
      metrics: new Registry(),
      prove: async () => ({ ok: true, rttMs: 1 }),
      readState: this.kubelet.readState,
      resolve: async () => [],
      random: randomBytes,
      now: Date.now,
      ...change,
    })
    this.#operators.push(operator)
    return operator
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
    }, 20_000)
  }

  /** Gives the Service the address that a cloud would. */
  async balance(name: string, ip: string, namespace = 'default'): Promise<void> {
    const patch = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip }] } } })
    await eventually(() =>
      this.api.kubectl([
        '-n',
        namespace,
        'patch',
        'service',
        name,
        '--subresource=status',
        '--type=merge',
        '-p',
        patch,
      ]),
    )
  }

  async stop(): Promise<void> {
    for (const operator of this.#operators) await operator.stop()
    await this.kubelet.stop()
    await this.client.close()
    await this.api.stop()
  }
}
