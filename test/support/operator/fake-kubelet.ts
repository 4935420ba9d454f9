/**
 * What controllers and kubelets do, as far as the operator sees it: a pod for each Deployment or StatefulSet, running and
 * ready a moment later, which has the mounted files that exist and says so. What goes wrong with pods can be told it.
 */

import { createHash } from 'node:crypto'
import type { KubeClient } from '../../../operator/kube/client.ts'
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isNotFound,
  isServerError,
  isTooManyRequests,
} from '../../../operator/kube/errors.ts'
import type { KubeObject, ObjectRef, Resource } from '../../../operator/kube/objects.ts'
import { Reflector } from '../../../operator/kube/reflector.ts'
import type { ReadState } from '../../../operator/reconcile/states.ts'
import { digestOf, type WorkloadState } from '../../../workloads/contract/state.ts'
import { type PodStatus, running } from './pod-statuses.ts'

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
  nodeName?: string
  nodeSelector?: Record<string, string>
  volumes: { projected?: { sources: Source[] } }[]
}
type Pod = KubeObject & { spec: PodSpec; status?: { podIP?: string } }
type Ref = Required<ObjectRef>

const manager = { manager: 'fake-kubelet', force: true }
/** Of what template a pod was made. */
const templateAnnotation = 'fake-kubelet/template'
const longGraceSeconds = 3600
const retryMs = 100

const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`
const refOf = ({ metadata: { namespace, name } }: KubeObject): Ref => ({ namespace: namespace!, name })
const componentOf = ({ metadata }: KubeObject): string => metadata.labels!['app.kubernetes.io/component']!
const templateHash = ({ spec }: Workload): string =>
  createHash('sha256').update(JSON.stringify(spec.template)).digest('hex').slice(0, 12)

export type FakeKubeletOptions = {
  client: KubeClient
  nodes: readonly string[]
  /** The addresses that pods get, by their number from 1. */
  podIP?: (number: number) => string
}

const clusterIP = (number: number): string => `10.244.${number >> 8}.${number & 255}`

export class FakeKubelet {
  readonly #options: Required<FakeKubeletOptions>
  readonly #workloads: Reflector<KubeObject>[]
  readonly #files: Record<'configMap' | 'secret', Reflector<KubeObject>>
  readonly #pods: Reflector<KubeObject>
  readonly #byAddress = new Map<string, string>()
  readonly #work = new Map<string, Promise<void>>()
  readonly #ailing = new Map<string, PodStatus>()
  readonly #frozen = new Map<string, WorkloadState>()
  readonly #released = new Set<string>()
  #next = 1
  #stopped = false
  /** Pods that are told to stop go on until `release`, as one does that drains. */
  lingering = false
  /** Every value that a Secret has had, as text. */
  readonly secretsSeen = new Set<string>()
  /** Errors of its own doing, which a test wants to know. */
  readonly problems: Error[] = []

  constructor(options: FakeKubeletOptions) {
    this.#options = { podIP: clusterIP, ...options }
    const follow = (of: Resource) => new Reflector({ client: options.client, resource: of })
    this.#workloads = [follow(deployments), follow(statefulSets)]
    this.#files = { configMap: follow(configMaps), secret: follow(secrets) }
    this.#pods = follow(pods)
  }

  get #all(): Reflector<KubeObject>[] {
    return [...this.#workloads, this.#pods, this.#files.configMap, this.#files.secret]
  }

  async start(): Promise<void> {
    for (const workloads of this.#workloads) workloads.onChange(({ object }) => this.#queue(refOf(object)))
    this.#pods.onChange(({ type, object }) => {
      const { namespace, name } = refOf(object)
      if (type === 'deleted') this.#queue({ namespace, name: name.replace(/-0$/, '') })
    })
    this.#files.secret.onChange(({ object }) => {
      for (const value of Object.values((object.data ?? {}) as Record<string, string>))
        this.secretsSeen.add(Buffer.from(value, 'base64').toString())
    })
    for (const each of this.#all) each.start()
    await Promise.all(this.#all.map(({ synced }) => synced))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#all.map((each) => each.stop()))
    await Promise.all(this.#work.values())
  }

  /** Pods of the component are as told from now on; null: they run. */
  ail(component: string, status: PodStatus | null): void {
    if (status) this.#ailing.set(component, status)
    else this.#ailing.delete(component)
    for (const reflector of this.#workloads) for (const workload of reflector.list()) this.#queue(refOf(workload))
  }

  /** The pod keeps what it has loaded, whatever is mounted; until `thaw`. */
  freeze(namespace: string, name: string): void {
    this.#frozen.set(keyOf({ namespace, name }), this.#stateOf(this.#pods.get({ namespace, name }) as Pod))
  }

  thaw(namespace: string, name: string): void {
    this.#frozen.delete(keyOf({ namespace, name }))
  }

  /** A pod that lingers ends. */
  release(namespace: string, name: string): void {
    this.#released.add(this.#pods.get({ namespace, name })!.metadata.uid!)
    this.#queue({ namespace, name: name.replace(/-0$/, '') })
  }

  /** What the pod at this address has loaded: whatever is there now. */
  readonly readState: ReadState = async (host) => {
    const key = this.#byAddress.get(host) ?? ''
    const [namespace, name] = key.split('/') as [string, string]
    const pod = this.#pods.get({ namespace, name }) as Pod | undefined
    if (!pod || pod.status?.podIP !== host) return null
    return this.#frozen.get(key) ?? this.#stateOf(pod)
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
    return {
      workload: componentOf(pod) as 'mail' | 'turn',
      ready: true,
      draining: pod.metadata.deletionTimestamp !== undefined,
      loaded: Object.fromEntries(
        files.map(([key, text]) => [key, { digest: digestOf(text), ...generationOf(key, text) }]),
      ),
      counts: {},
    }
  }

  /** One thing at a time for each workload. */
  #queue(ref: Ref): void {
    if (this.#stopped) return
    const before = this.#work.get(keyOf(ref)) ?? Promise.resolve()
    const work = before.then(() => this.#sync(ref)).catch((error: Error) => this.#failed(ref, error))
    this.#work.set(keyOf(ref), work)
  }

  #failed(ref: Ref, error: Error): void {
    if (willPass(error)) this.#again(ref)
    else this.problems.push(error)
  }

  #again(ref: Ref): void {
    setTimeout(() => this.#queue(ref), retryMs).unref()
  }

  async #sync(ref: Ref): Promise<void> {
    const workload = this.#workloads.map((each) => each.get(ref)).find(Boolean) as Workload | undefined
    const podRef = { namespace: ref.namespace, name: `${ref.name}-0` }
    const pod = await this.#options.client.get<Pod>(pods, podRef)
    const outdated =
      pod !== null && (!workload || pod.metadata.annotations?.[templateAnnotation] !== templateHash(workload))
    if (outdated && !(await this.#end(pod))) return workload && this.#report(workload, 0)
    if (!workload) return
    const refusal = !pod || outdated ? await this.#run(workload, podRef) : await this.#tell(pod, pod.status!.podIP!)
    await this.#report(workload, refusal || this.#ailing.has(componentOf(workload)) ? 0 : 1, refusal)
    // As controllers do, which try again ever later.
    if (refusal) this.#again(ref)
  }

  /** True when it is gone. */
  async #end({ metadata }: Pod): Promise<boolean> {
    const ref = { namespace: metadata.namespace!, name: metadata.name }
    const lingers = this.lingering && !this.#released.has(metadata.uid!)
    if (lingers && metadata.deletionTimestamp) return false
    await this.#options.client.delete(pods, ref, { graceSeconds: lingers ? longGraceSeconds : 0 })
    return !lingers
  }

  /** What the API server says against the pod, or null. */
  async #run(workload: Workload, ref: Ref): Promise<string | null> {
    const { metadata, spec } = workload.spec.template
    const nodeName = spec.nodeSelector?.['kubernetes.io/hostname'] ?? this.#options.nodes[0]!
    const podIP = this.#options.podIP(this.#next++)
    this.#byAddress.set(podIP, keyOf(ref))
    const annotations = { ...metadata.annotations, [templateAnnotation]: templateHash(workload) }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...ref, labels: metadata.labels, annotations } }
    const made = await this.#options.client
      .create<Pod>(pods, { ...pod, spec: { ...spec, nodeName } })
      .catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 403) return error.message
        throw error
      })
    return typeof made === 'string' ? made : this.#tell(made, podIP)
  }

  async #tell(pod: Pod, podIP: string): Promise<null> {
    const status = this.#ailing.get(componentOf(pod)) ?? running(componentOf(pod))
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: refOf(pod), status: { ...status, podIP } }
    await this.#options.client.applyStatus(pods, body, manager).catch(unlessGone)
    return null
  }

  async #report(workload: Workload, readyReplicas: number, refusal: string | null = null): Promise<void> {
    const { apiVersion, kind, metadata } = workload
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: refusal }
    const conditions = refusal === null ? [] : [failure]
    const counts = { replicas: 1, updatedReplicas: 1, readyReplicas }
    const status = { observedGeneration: metadata.generation, ...counts, conditions }
    const { namespace, name } = metadata
    const of = kind === 'Deployment' ? deployments : statefulSets
    const body = { apiVersion, kind, metadata: { namespace: namespace!, name }, status }
    await this.#options.client.applyStatus(of, body, manager).catch(unlessGone)
  }
}

/** The API server restarts, or somebody was quicker. */
const willPass = (error: Error & { code?: string }): boolean =>
  error.code !== undefined ||
  isConflict(error) ||
  isAlreadyExists(error) ||
  isTooManyRequests(error) ||
  isServerError(error)

/** Somebody has deleted it in the meantime. */
const unlessGone = (error: unknown): void => {
  if (!isNotFound(error)) throw error
}

const textOf = (kind: 'configMap' | 'secret', value: string): string =>
  kind === 'secret' ? Buffer.from(value, 'base64').toString() : value

const generationOf = (key: string, text: string): { generation?: number } => {
  if (key !== 'keyring.json') return {}
  try {
    return { generation: JSON.parse(text).generation }
  } catch {
    return {}
  }
}
