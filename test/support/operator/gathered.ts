/** What a pass has gathered, put together by hand: objects, pods, nodes and what pods say. */
import type { ChatmailServer } from '../../../operator/api/chatmail-server.ts'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import type { Gathered } from '../../../operator/reconcile/gather.ts'
import { idOf } from '../../../operator/reconcile/resources.ts'
import type { Node, Pod } from '../../../operator/reconcile/view.ts'
import { digestOf, type WorkloadState } from '../../../workloads/contract/state.ts'
import { serverOf } from './a-server.ts'

export type GatheredParts = Partial<Omit<Gathered, 'live' | 'states'>> & {
  live?: readonly KubeObject[]
  states?: Readonly<Record<string, WorkloadState | null>>
}

export const gatheredOf = ({ live = [], states = {}, ...parts }: GatheredParts = {}): Gathered => {
  const server: ChatmailServer = parts.server ?? serverOf()
  const gathered = {
    server,
    object: { ...server, metadata: { ...server.metadata, uid: 'uid-1', generation: 1 } } as unknown as KubeObject,
    live: new Map(live.map((object) => [idOf(object), object])),
    mailPods: [],
    turnPods: [],
    irohPods: [],
    nodes: [],
    namespace: null,
    rivals: [],
    keptCertificate: null,
    registrationTokens: null,
    certManager: false,
    monitoringKinds: new Set(),
    managementToken: 'token',
    states: new Map(Object.entries(states)),
    ranges: { services: [], apiServers: [], nat64: [] },
    now: 1_795_548_186_000,
    ...parts,
  }
  return gathered as Gathered
}

export type NodeParts = {
  cordoned?: boolean
  ready?: boolean
  /** Of the condition Ready, Unix milliseconds. */
  since?: number
  annotation?: string
  labels?: Record<string, string>
  taints?: NonNullable<Node['spec']>['taints']
  addresses?: NonNullable<Node['status']>['addresses']
}

export const nodeOf = (name: string, parts: NodeParts = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: { 'kubernetes.io/hostname': name, ...parts.labels },
    annotations: parts.annotation === undefined ? {} : { 'chatmail.dev/public-address': parts.annotation },
  },
  spec: { unschedulable: parts.cordoned ?? false, ...(parts.taints ? { taints: parts.taints } : {}) },
  status: {
    ...(parts.addresses ? { addresses: parts.addresses } : {}),
    conditions: [
      {
        type: 'Ready',
        status: (parts.ready ?? true) ? 'True' : 'Unknown',
        lastTransitionTime: new Date(parts.since ?? 0).toISOString(),
      },
    ],
  },
})

export type PodParts = {
  node?: string
  ready?: boolean
  terminating?: boolean
  phase?: string
  labels?: Record<string, string>
}

/** A pod that runs, named by its uid. */
export const podOf = (uid: string, { node = 'n1', ready = true, terminating, phase, labels }: PodParts = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: uid,
    namespace: 'mail',
    uid,
    labels: { ...labels },
    ...(terminating ? { deletionTimestamp: '2026-11-26T00:00:00Z' } : {}),
  },
  spec: { nodeName: node },
  status: {
    phase: phase ?? 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    containerStatuses: [{ state: { running: {} } }],
  },
})

/** What a pod says that has loaded these files. */
export const stateOf = (files: Readonly<Record<string, string>>, draining = false): WorkloadState => ({
  workload: 'turn',
  ready: true,
  draining,
  loaded: Object.fromEntries(Object.entries(files).map(([file, text]) => [file, { digest: digestOf(text) }])),
  counts: {},
})

export const secretOf = (name: string, data: Readonly<Record<string, string>>, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'mail', ...more },
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
})
