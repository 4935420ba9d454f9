/** Kubernetes objects as the API serves them: plain JSON, so that what is read back keeps every byte and every field. */

export type OwnerReference = {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export type ObjectMeta = {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  creationTimestamp?: string
  deletionTimestamp?: string
  finalizers?: string[]
  [field: string]: unknown
}

export type KubeObject = { apiVersion: string; kind: string; metadata: ObjectMeta; [field: string]: unknown }

/** A kind as the API serves it. */
export type Resource = { apiVersion: string; kind: string; plural: string; namespaced: boolean }

export type ObjectRef = { namespace?: string; name: string }
