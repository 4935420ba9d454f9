/** The objects that are read and not rendered, as far as anything of them is used. */
import type { KubeObject } from '../kube/objects.ts'

export type PodCondition = { type: string; status: string; reason?: string; message?: string }
export type ContainerStatus = {
  ready?: boolean
  state?: {
    waiting?: { reason?: string; message?: string }
    running?: { startedAt?: string }
    terminated?: { exitCode: number; reason?: string }
  }
  lastState?: { terminated?: { exitCode: number; reason?: string } }
}
export type Pod = KubeObject & {
  spec: { nodeName?: string }
  status?: {
    phase?: string
    podIP?: string
    conditions?: PodCondition[]
    containerStatuses?: ContainerStatus[]
  }
}

export type Taint = { key: string; value?: string; effect: string }
export type Node = KubeObject & {
  spec?: { unschedulable?: boolean; taints?: Taint[]; podCIDR?: string; podCIDRs?: string[] }
  status?: {
    addresses?: { type: string; address: string }[]
    conditions?: { type: string; status: string; lastTransitionTime?: string }[]
  }
}

export type SecretObject = KubeObject & { data?: Record<string, string> }

/** Text of a Secret's key, or null. */
export const secretText = (secret: KubeObject | null | undefined, key: string): string | null => {
  const value = (secret as SecretObject | null | undefined)?.data?.[key]
  return value === undefined ? null : Buffer.from(value, 'base64').toString()
}

export const isTerminating = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined

/** True of a pod that was evicted or has ended for good: it lies there until somebody removes it. */
export const isOver = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded'

/** True while a container of the pod runs, even one that drains. */
export const isRunning = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false

export const isPodReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false

export const componentLabel = 'app.kubernetes.io/component'
export const instanceLabel = 'app.kubernetes.io/instance'
/** The key in the controller's queue of the server that an object is part of. */
export const ownerKeyOf = ({ metadata: { namespace, labels } }: KubeObject): string =>
  `${namespace}/${labels?.[instanceLabel]}`
export const managedByLabel = 'app.kubernetes.io/managed-by'
export const managedBy = 'chatmail-operator'
/** Selects everything that this operator has made. */
export const managedSelector = `${managedByLabel}=${managedBy}`
