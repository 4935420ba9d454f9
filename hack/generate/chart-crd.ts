/** The CRD as a template of the chart: the same object, with what its values add. */
import { stringify } from 'yaml'

type Crd = { apiVersion: string; kind: string; metadata: { name: string }; spec: object }

const opening = `{{- if .Values.crds.enabled }}
`

const metadata = (name: string): string => `metadata:
  name: ${name}
  labels:
    {{- include "chatmail-operator.labels" . | nindent 4 }}
  {{- if or .Values.crds.keep .Values.crds.annotations }}
  annotations:
    {{- if .Values.crds.keep }}
    helm.sh/resource-policy: keep
    {{- end }}
    {{- with .Values.crds.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
`

/** @throws when a text of the schema would be taken for a template */
export const chartCrd = ({ apiVersion, kind, metadata: { name }, spec }: Crd): string => {
  const body = stringify({ spec }, { lineWidth: 120 })
  if (body.includes('{{')) throw new Error('a description has {{, which Helm would evaluate')
  return `${opening}${stringify({ apiVersion, kind })}${metadata(name)}${body}{{- end }}\n`
}
