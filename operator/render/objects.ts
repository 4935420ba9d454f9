/** Kubernetes objects as they are rendered, as far as this project fills them, and the labels that all of them carry. */
import { type ChatmailServer, group } from '../api/chatmail-server.ts'

export type Metadata = {
  name: string
  namespace: string
  labels: Record<string, string>
  annotations?: Record<string, string>
}

export type Component = 'mail' | 'turn' | 'iroh' | 'monitoring'

type Item = { key: string; path: string }

/** One source of a projected volume; `optional` where its absence is fine. */
export type ProjectedSource =
  | { configMap: { name: string; items: Item[]; optional?: boolean } }
  | { secret: { name: string; items: Item[]; optional?: boolean } }

export type Volume = { name: string } & (
  | { projected: { defaultMode: number; sources: ProjectedSource[] } }
  | { persistentVolumeClaim: { claimName: string } }
  | { emptyDir: { sizeLimit?: string; medium?: 'Memory' } }
)

export type Probe = {
  httpGet: { path: string; port: string | number }
  periodSeconds: number
  failureThreshold: number
  timeoutSeconds?: number
}

export type ContainerPort = { name: string; containerPort: number; protocol: 'TCP' | 'UDP'; hostPort?: number }

export type Container = {
  name: string
  image: string
  imagePullPolicy: string
  command: string[]
  ports: ContainerPort[]
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[]
  startupProbe: Probe
  readinessProbe: Probe
  livenessProbe: Probe
  securityContext: Record<string, unknown>
  resources: Record<string, unknown>
}

export type PodSpec = {
  containers: Container[]
  volumes: Volume[]
  terminationGracePeriodSeconds: number
  [field: string]: unknown
}

export type PodTemplate = { metadata: Pick<Metadata, 'labels' | 'annotations'>; spec: PodSpec }

export type ConfigMap = { apiVersion: 'v1'; kind: 'ConfigMap'; metadata: Metadata; data: Record<string, string> }
export type Secret = {
  apiVersion: 'v1'
  kind: 'Secret'
  metadata: Metadata
  type: 'Opaque' | 'kubernetes.io/tls'
  stringData: Record<string, string>
}
export type PersistentVolumeClaim = {
  apiVersion: 'v1'
  kind: 'PersistentVolumeClaim'
  metadata: Metadata
  spec: Record<string, unknown>
}
export type Service = { apiVersion: 'v1'; kind: 'Service'; metadata: Metadata; spec: Record<string, unknown> }
export type ServiceAccount = {
  apiVersion: 'v1'
  kind: 'ServiceAccount'
  metadata: Metadata
  automountServiceAccountToken: false
}
export type Workload = {
  apiVersion: 'apps/v1'
  kind: 'Deployment' | 'StatefulSet'
  metadata: Metadata
  spec: { replicas: number; template: PodTemplate; [field: string]: unknown }
}

/** Objects of which only the kind matters here: their spec goes to the API server as it is. */
type Plain<A extends string, K extends string> = {
  apiVersion: A
  kind: K
  metadata: Metadata
  spec: Record<string, unknown>
}
export type NetworkPolicy = Plain<'networking.k8s.io/v1', 'NetworkPolicy'>
export type PodDisruptionBudget = Plain<'policy/v1', 'PodDisruptionBudget'>
export type PodMonitor = Plain<'monitoring.coreos.com/v1', 'PodMonitor'>
export type PrometheusRule = Plain<'monitoring.coreos.com/v1', 'PrometheusRule'>
export type IssuedCertificate = Plain<'cert-manager.io/v1', 'Certificate'>

export type KubernetesObject =
  | ConfigMap
  | Secret
  | PersistentVolumeClaim
  | Service
  | ServiceAccount
  | Workload
  | NetworkPolicy
  | PodDisruptionBudget
  | IssuedCertificate
  | PodMonitor
  | PrometheusRule

/** The labels that select the pods of a component. They never change: a selector is immutable. */
export const selectorLabels = (server: ChatmailServer, component: Component): Record<string, string> => ({
  'app.kubernetes.io/name': 'chatmail',
  'app.kubernetes.io/instance': server.metadata.name,
  'app.kubernetes.io/component': component,
})

/** Metadata of an object that belongs to `server`. */
export const metadata = (
  server: ChatmailServer,
  component: Component,
  name: string,
  annotations?: Record<string, string>,
): Metadata => ({
  name,
  namespace: server.metadata.namespace,
  labels: { ...selectorLabels(server, component), 'app.kubernetes.io/managed-by': 'chatmail-operator' },
  ...(annotations && Object.keys(annotations).length ? { annotations } : {}),
})

/** What an annotation of this project begins with. */
export const annotationPrefix = `${group}/`

/** An object's component. */
export const componentOf = (object: KubernetesObject): string =>
  object.metadata.labels['app.kubernetes.io/component'] ?? ''
