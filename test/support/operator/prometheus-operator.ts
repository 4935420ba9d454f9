/** A cluster with the API of the Prometheus operator, as far as servers use it. */
import type { OperatorBed } from './bed.ts'

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
/** As in the real definition, a selector is replaced as a whole. */
const spec = { ...anything, properties: { selector: { ...anything, 'x-kubernetes-map-type': 'atomic' } } }

const definition = (kind: string, plural: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.monitoring.coreos.com`,
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
  },
  spec: {
    group: 'monitoring.coreos.com',
    names: { kind, plural },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
      },
    ],
  },
})

export const installPrometheusOperator = async ({ api }: OperatorBed): Promise<void> => {
  const items = [definition('PodMonitor', 'podmonitors'), definition('PrometheusRule', 'prometheusrules')]
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  await api.kubectl(['apply', '--server-side', '-f', '-'], list)
  for (const { metadata } of items) await api.kubectl(['wait', '--for=condition=Established', `crd/${metadata.name}`])
}
