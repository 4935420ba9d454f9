/** The kinds that a server consists of, as the API serves them, and those that are looked at. */
import type { KubeObject, Resource } from '../kube/objects.ts'

const namespaced = (apiVersion: string, kind: string, plural: string): Resource => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
})
const clusterScoped = (apiVersion: string, kind: string, plural: string): Resource => ({
  ...namespaced(apiVersion, kind, plural),
  namespaced: false,
})

/** What is rendered, watched, repaired and pruned, in every cluster. */
export const childResources: readonly Resource[] = [
  namespaced('v1', 'Secret', 'secrets'),
  namespaced('v1', 'ConfigMap', 'configmaps'),
  namespaced('v1', 'ServiceAccount', 'serviceaccounts'),
  namespaced('v1', 'Service', 'services'),
  namespaced('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  namespaced('apps/v1', 'Deployment', 'deployments'),
  namespaced('apps/v1', 'StatefulSet', 'statefulsets'),
  namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  namespaced('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
]

/** There where cert-manager is installed. */
export const certificateResource = namespaced('cert-manager.io/v1', 'Certificate', 'certificates')

/** There where the Prometheus operator is installed. */
export const monitoringApi = 'monitoring.coreos.com/v1'
export const monitoringResources: readonly Resource[] = [
  namespaced(monitoringApi, 'PodMonitor', 'podmonitors'),
  namespaced(monitoringApi, 'PrometheusRule', 'prometheusrules'),
]

export const serverResource = namespaced('chatmail.dev/v1alpha1', 'ChatmailServer', 'chatmailservers')
export const podResource = namespaced('v1', 'Pod', 'pods')
export const secretResource = childResources[0]!
export const endpointSliceResource = namespaced('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices')
export const nodeResource = clusterScoped('v1', 'Node', 'nodes')
export const namespaceResource = clusterScoped('v1', 'Namespace', 'namespaces')
export const serviceCidrResource = clusterScoped('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs')

const byKind = new Map(
  [...childResources, certificateResource, ...monitoringResources].map((resource) => [resource.kind, resource]),
)

/** The resource of a rendered object. */
export const resourceOf = ({ kind }: Pick<KubeObject, 'kind'>): Resource => byKind.get(kind)!

/** Names an object among those of one namespace. */
export const idOf = ({ kind, metadata }: { kind: string; metadata: { name: string } }): string =>
  `${kind}/${metadata.name}`
