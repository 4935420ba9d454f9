/**
 * Nodes, kubelets and the controllers of Deployments and StatefulSets, as slow and as unreliable as a test wants them: each
 * step of theirs is a call of its own.
 */
import type { KubeObject } from '../../../../operator/kube/objects.ts'
import type { ReadState } from '../../../../operator/reconcile/states.ts'
import type { Node, Pod } from '../../../../operator/reconcile/view.ts'
import { type Keyring, signingKey } from '../../../../workloads/contract/keyring.ts'
import { mountedFiles } from '../../../../workloads/contract/mounts.ts'
import { type Relays, relays } from '../../../../workloads/contract/relays.ts'
import { digestOf } from '../../../../workloads/contract/state.ts'
import { ModelApi } from './api.ts'

type Template = {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> }
  spec: { nodeSelector?: Record<string, string> }
}
type Workload = KubeObject & { spec: { template: Template } }

export type ModelNode = { name: string; address: string; cordoned: boolean; darkSince: number | null }

export type ModelPod = {
  uid: string
  ip: string
  /** `Kind/name` of what made it, and of which template. */
  owner: string
  ownerUid: string
  template: string
  labels: Record<string, string>
  annotations: Record<string, string>
  node: string
  running: boolean
  ready: boolean
  terminating: boolean
  /** Mounted file → its text, as it is loaded. */
  files: Record<string, string>
}

const textOf = (object: KubeObject | undefined, file: string): string | undefined => {
  const value = (object?.data as Record<string, string> | undefined)?.[file]
  return value !== undefined && object?.kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value
}

export class ModelCluster {
  readonly api = new ModelApi()
  readonly nodes: ModelNode[]
  pods: ModelPod[] = []
  /** Unix milliseconds. */
  now = 1_795_548_186_000
  #next = 1

  constructor(names: readonly string[]) {
    this.nodes = names.map((name, index) => ({
      name,
      address: `203.0.113.${index + 1}`,
      cordoned: false,
      darkSince: null,
    }))
  }

  workloads(): Workload[] {
    return [...this.api.objects.values()].filter(
      ({ kind }) => kind === 'Deployment' || kind === 'StatefulSet',
    ) as Workload[]
  }

  node(name: string): ModelNode {
    return this.nodes.find((node) => node.name === name)!
  }

  isDark(pod: ModelPod): boolean {
    return this.node(pod.node).darkSince !== null
  }

  component(pod: ModelPod): string {
    return pod.labels['app.kubernetes.io/component']!
  }

  /** One look of a controller at one workload: at most one pod of it, and the next when the one before is gone. */
  control(workload: Workload): void {
    const owner = `${workload.kind}/${workload.metadata.name}`
    const template = JSON.stringify(workload.spec.template)
    const mine = this.pods.filter((pod) => pod.ownerUid === workload.metadata.uid)
    for (const pod of mine.filter((each) => each.template !== template)) this.terminate(pod)
    const left = this.pods.filter((pod) => mine.includes(pod))
    const blocks = (pod: ModelPod): boolean =>
      workload.kind === 'StatefulSet' || !pod.terminating || pod.template !== template
    if (!left.some(blocks)) this.#make(workload, owner, template)
    const current = this.pods.filter(
      (pod) => pod.ownerUid === workload.metadata.uid && !pod.terminating && pod.template === template,
    )
    this.api.putStatus(owner, {
      observedGeneration: workload.metadata.generation,
      updatedReplicas: current.length,
      readyReplicas: current.filter(({ ready }) => ready).length,
    })
  }

  /** Pods whose workload is gone are told to stop. */
  collect(): void {
    const uids = new Set(this.workloads().map(({ metadata }) => metadata.uid))
    for (const pod of this.pods.filter(({ ownerUid }) => !uids.has(ownerUid))) this.terminate(pod)
  }

  terminate(pod: ModelPod): void {
    pod.terminating = true
    if (!pod.running && !this.isDark(pod)) this.#remove(pod)
  }

  /** The kubelet of the pod's node does what is next to do. */
  progress(pod: ModelPod): void {
    if (this.isDark(pod)) return
    if (pod.terminating) this.#remove(pod)
    else if (pod.running) pod.ready = true
    else this.#start(pod)
  }

  /** The container ends and is to be started again. */
  crash(pod: ModelPod): void {
    if (this.isDark(pod)) return
    pod.running = false
    pod.ready = false
    if (pod.terminating) this.#remove(pod)
  }

  /** The files of a pod become those that are written. */
  sync(pod: ModelPod): void {
    if (pod.running && !this.isDark(pod)) this.#load(pod, ['keyring', 'relays'])
  }

  darken(node: ModelNode): void {
    node.darkSince ??= this.now
    for (const pod of this.pods) if (pod.node === node.name) pod.ready = false
  }

  /** True when a client that was told this gets a relayed address with a credential of this key. */
  serves(host: string, port: number, secret: string): boolean {
    return this.pods.some(
      (pod) =>
        this.component(pod) === 'turn' &&
        this.isServing(pod) &&
        this.endpointOf(pod) === `${host}:${port}` &&
        this.ringOf(pod).keys.some((key) => key.secret === secret),
    )
  }

  /** True when the pod takes new clients. */
  isServing(pod: ModelPod): boolean {
    return pod.running && pod.ready && !pod.terminating && !this.isDark(pod)
  }

  endpointOf(pod: ModelPod): string {
    const { listen, relay } = JSON.parse(pod.files[mountedFiles.config]!)
    return `${relay.publicIpv4}:${listen.port}`
  }

  ringOf(pod: ModelPod): Keyring {
    return JSON.parse(pod.files[mountedFiles.keyring]!)
  }

  signedBy(pod: ModelPod): string {
    return signingKey(this.ringOf(pod)).secret
  }

  /** What the pod tells clients. */
  toldBy(pod: ModelPod): Relays {
    return relays.parse(JSON.parse(pod.files[mountedFiles.relays]!))
  }

  readonly readState: ReadState = async (host) => {
    const pod = this.pods.find(({ ip }) => ip === host)
    if (!pod?.running || this.isDark(pod)) return null
    const loaded = Object.fromEntries(
      Object.entries(pod.files).map(([file, text]) => [file, { digest: digestOf(text) }]),
    )
    return {
      workload: this.component(pod) as 'mail' | 'turn',
      ready: pod.ready,
      draining: pod.terminating,
      loaded,
      counts: {},
    }
  }

  nodeObjects(): Node[] {
    return this.nodes.map(({ name, address, cordoned, darkSince }) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: { 'kubernetes.io/hostname': name },
        annotations: { 'chatmail.dev/public-address': address },
      },
      spec: { unschedulable: cordoned },
      status: {
        conditions: [
          {
            type: 'Ready',
            status: darkSince === null ? 'True' : 'Unknown',
            lastTransitionTime: new Date(darkSince ?? 0).toISOString(),
          },
        ],
      },
    }))
  }

  podObjects(): Pod[] {
    return this.pods.map((pod) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: pod.uid,
        namespace: 'mail',
        uid: pod.uid,
        labels: pod.labels,
        annotations: pod.annotations,
        ...(pod.terminating ? { deletionTimestamp: '2026-11-26T23:00:00Z' } : {}),
      },
      spec: { nodeName: pod.node },
      status: {
        phase: pod.running ? 'Running' : 'Pending',
        podIP: pod.ip,
        conditions: [{ type: 'Ready', status: pod.ready ? 'True' : 'False' }],
        containerStatuses: [{ state: pod.running ? { running: {} } : { waiting: { reason: 'ContainerCreating' } } }],
      },
    }))
  }

  #make({ metadata, spec }: Workload, owner: string, template: string): void {
    const number = this.#next++
    this.pods.push({
      uid: `pod-${number}`,
      ip: `10.244.${number >> 8}.${number & 255}`,
      owner,
      ownerUid: metadata.uid!,
      template,
      labels: spec.template.metadata.labels,
      annotations: { ...spec.template.metadata.annotations },
      node: spec.template.spec.nodeSelector?.['kubernetes.io/hostname'] ?? this.nodes[0]!.name,
      running: false,
      ready: false,
      terminating: false,
      files: {},
    })
  }

  /** Two pods of one node cannot hold one port. */
  #start(pod: ModelPod): void {
    const other = this.pods.some(
      (each) => each !== pod && each.running && each.node === pod.node && this.component(each) === this.component(pod),
    )
    const fresh = Object.keys(pod.files).length === 0
    if (other || (fresh && this.node(pod.node).cordoned && this.component(pod) === 'turn')) return
    this.#load(pod, ['config', 'keyring', 'relays'])
    pod.running = pod.files[mountedFiles.config] !== undefined && pod.files[mountedFiles.keyring] !== undefined
  }

  #load(pod: ModelPod, files: readonly ('config' | 'keyring' | 'relays')[]): void {
    const from = {
      config: `ConfigMap/${pod.owner.split('/')[1]}-config`,
      keyring: 'Secret/chat-turn-keyring',
      relays: 'ConfigMap/chat-relays',
    }
    for (const file of files) {
      const text = textOf(this.api.objects.get(from[file]), mountedFiles[file])
      if (text !== undefined) pod.files[mountedFiles[file]] = text
    }
  }

  #remove(pod: ModelPod): void {
    this.pods = this.pods.filter((each) => each !== pod)
  }
}
