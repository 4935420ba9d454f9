/**
 * What controllers and kubelets do, as far as the operator sees it: a pod for each replica of a Deployment or StatefulSet,
 * running and ready a moment later, which has the mounted files that exist and says so.
 */

import type { KubeClient } from '../../../operator/kube/client.ts'
import type { KubeObject, Resource } from '../../../operator/kube/objects.ts'
import { Reflector } from '../../../operator/kube/reflector.ts'
import type { ReadState } from '../../../operator/reconcile/states.ts'
import { digestOf, type WorkloadState } from '../../../workloads/contract/state.ts'

const resource = (apiVersion: string, kind: string, plural: string): Resource => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
})
const pods = resource('v1', 'Pod', 'pods')
const deployments = resource('apps/v1', 'Deployment', 'deployments')
const statefulSets = resource('apps/v1', 'StatefulSet', 'statefulsets')
const configMaps = resource('v1', 'ConfigMap', 'configmaps')
const secrets = resource('v1', 'Secret', 'secrets')

type Workload = KubeObject & {
  spec: {
    template: { metadata: { labels: Record<string, string>; annotations: Record<string, string> }; spec: PodSpec }
  }
}
type Source = Record<'configMap' | 'secret', { name: string; items: { key: string }[] } | undefined>
type PodSpec = {
  containers: object[]
  nodeSelector?: Record<string, string>
  volumes: { projected?: { sources: Source[] } }[]
}
type Pod = KubeObject & { spec: PodSpec }

const manager = { manager: 'fake-kubelet', force: true }

export type FakeKubeletOptions = { client: KubeClient; nodes: readonly string[] }

export class FakeKubelet {
  readonly #client: KubeClient
  readonly #nodes: readonly string[]
  readonly #workloads: Reflector<KubeObject>[]
  readonly #files: Record<'configMap' | 'secret', Reflector<KubeObject>>
  readonly #pods: Reflector<KubeObject>
  readonly #byAddress = new Map<string, string>()
  #work: Promise<void> = Promise.resolve()
  #next = 1
  /** Pods of these components never become ready. */
  readonly broken = new Set<string>()
  /** Errors of its own doing, which a test wants to know. */
  readonly problems: Error[] = []

  constructor({ client, nodes }: FakeKubeletOptions) {
    this.#client = client
    this.#nodes = nodes
    const follow = (of: Resource) => new Reflector({ client, resource: of })
    this.#workloads = [follow(deployments), follow(statefulSets)]
    this.#files = { configMap: follow(configMaps), secret: follow(secrets) }
    this.#pods = follow(pods)
  }

  get #all(): Reflector<KubeObject>[] {
    return [...this.#workloads, this.#pods, this.#files.configMap, this.#files.secret]
  }

  async start(): Promise<void> {
    for (const workloads of this.#workloads)
      workloads.onChange(({ type, object }) =>
        this.#queue(() => this.#sync(type === 'deleted' ? null : object, object)),
      )
    for (const each of this.#all) each.start()
    await Promise.all(this.#all.map(({ synced }) => synced))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((each) => each.stop()))
    await this.#work
  }

  /** What the pod at this address has loaded: whatever is there now. */
  readonly readState: ReadState = async (host) => {
    const [namespace, name] = (this.#byAddress.get(host) ?? '').split('/') as [string, string]
    const pod = this.#pods.get({ namespace, name }) as Pod | undefined
    return pod ? this.#stateOf(pod) : null
  }

  #stateOf(pod: Pod): WorkloadState {
    const sources = pod.spec.volumes.flatMap(({ projected }) => projected?.sources ?? [])
    const files = sources.flatMap((source) => {
      const kind = source.configMap ? 'configMap' : 'secret'
      const { name, items } = source[kind]!
      const object = this.#files[kind].get({ namespace: pod.metadata.namespace!, name })
      const data = (object?.data ?? {}) as Record<string, string>
      return items.flatMap(({ key }) => (data[key] === undefined ? [] : [[key, textOf(kind, data[key])] as const]))
    })
    const workload = pod.metadata.labels!['app.kubernetes.io/component'] as 'mail' | 'turn'
    return {
      workload,
      ready: true,
      draining: pod.metadata.deletionTimestamp !== undefined,
      loaded: Object.fromEntries(
        files.map(([key, text]) => [key, { digest: digestOf(text), ...generationOf(key, text) }]),
      ),
      counts: {},
    }
  }

  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: Error) => {
      this.problems.push(error)
    })
  }

  async #sync(workload: KubeObject | null, last: KubeObject): Promise<void> {
    const name = `${last.metadata.name}-0`
    const ref = { namespace: last.metadata.namespace!, name }
    const live = await this.#client.get<Pod>(pods, ref)
    const wanted = workload as Workload | null
    if (live && (!wanted || hashOf(live) !== hashOf(wanted.spec.template)))
      await this.#client.delete(pods, ref, { graceSeconds: 0 })
    if (!wanted) return
    if (!live || hashOf(live) !== hashOf(wanted.spec.template)) await this.#run(wanted, ref)
    await this.#report(wanted)
  }

  async #run({ spec: { template } }: Workload, ref: { namespace: string; name: string }): Promise<void> {
    const { labels, annotations } = template.metadata
    const nodeName = template.spec.nodeSelector?.['kubernetes.io/hostname'] ?? this.#nodes[0]!
    const number = this.#next++
    const podIP = `10.244.${number >> 8}.${number & 255}`
    this.#byAddress.set(podIP, `${ref.namespace}/${ref.name}`)
    const base = { apiVersion: 'v1', kind: 'Pod', metadata: { ...ref, labels, annotations } }
    await this.#client.create(pods, { ...base, spec: { ...template.spec, nodeName } })
    await this.#client.applyStatus(pods, { ...base, metadata: ref, status: this.#status(labels, podIP) }, manager)
  }

  #status(labels: Record<string, string>, podIP: string): object {
    const ready = !this.broken.has(labels['app.kubernetes.io/component']!)
    return {
      phase: 'Running',
      podIP,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: labels['app.kubernetes.io/component'],
          ready,
          restartCount: 0,
          image: 'x',
          imageID: 'x',
          state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
        },
      ],
    }
  }

  async #report({ apiVersion, kind, metadata, spec }: Workload): Promise<void> {
    const ready = this.broken.has(spec.template.metadata.labels['app.kubernetes.io/component']!) ? 0 : 1
    const status = { observedGeneration: metadata.generation, replicas: 1, updatedReplicas: 1, readyReplicas: ready }
    const { namespace, name } = metadata
    const of = kind === 'Deployment' ? deployments : statefulSets
    await this.#client.applyStatus(of, { apiVersion, kind, metadata: { namespace: namespace!, name }, status }, manager)
  }
}

const textOf = (kind: 'configMap' | 'secret', value: string): string =>
  kind === 'secret' ? Buffer.from(value, 'base64').toString() : value

const generationOf = (key: string, text: string): { generation?: number } =>
  key === 'keyring.json' ? { generation: JSON.parse(text).generation } : {}

const hashOf = ({ metadata }: { metadata: { annotations?: Record<string, string> } }): string | undefined =>
  metadata.annotations?.['chatmail.dev/config-hash']
