/**
 * The CustomResourceDefinition, made from the schemas: structural (every field typed and bounded), with CEL rules,
 * printer columns, status and scale subresources. A new object is born with `status.observedGeneration: -1`, so that
 * nothing takes it for ready before the operator has seen it.
 */
import { z } from 'zod'
import { group, kind, version } from './chatmail-server.ts'
import { spec } from './spec/spec.ts'
import { status } from './status.ts'

export type JsonSchema = {
  type?: string
  description?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  additionalProperties?: JsonSchema | boolean
  [keyword: string]: unknown
}

/** What `kubectl get` shows. */
export const printerColumns = [
  { name: 'Domain', type: 'string', jsonPath: '.spec.domain' },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Mail', type: 'string', jsonPath: '.status.conditions[?(@.type=="MailAvailable")].status' },
  { name: 'TURN', type: 'string', jsonPath: '.status.conditions[?(@.type=="TurnAvailable")].status' },
  { name: 'Cert', type: 'string', jsonPath: '.status.conditions[?(@.type=="CertificateReady")].status' },
  { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
] as const

/** Keywords that a structural schema forbids or that say nothing there. */
const dropped = new Set(['$schema', 'propertyNames', 'id', '~standard'])

const keep = (key: string, value: unknown, node: JsonSchema): boolean => {
  if (dropped.has(key)) return false
  if (key === 'default' && value === null) return false
  if (key === 'pattern' && node.format !== undefined) return false
  return !(key === 'additionalProperties' && typeof value === 'boolean')
}

const mapValues = <T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))

/** The default of an object with those of its fields, as the API server would fill them in. */
const filled = (node: JsonSchema): unknown => {
  if (!node.properties || node.default === undefined) return node.default
  const fields = Object.entries(mapValues(node.properties, filled)).filter(([, value]) => value !== undefined)
  return Object.fromEntries(fields)
}

const structural = (node: JsonSchema): JsonSchema => {
  const kept = Object.fromEntries(Object.entries(node).filter(([key, value]) => keep(key, value, node))) as JsonSchema
  if (kept.properties) kept.properties = mapValues(kept.properties, structural)
  if (kept.items) kept.items = structural(kept.items)
  if (typeof kept.additionalProperties === 'object') kept.additionalProperties = structural(kept.additionalProperties)
  if (kept.type === 'integer') kept.format = 'int64'
  // The API server evaluates rules on the default as it is written, before it fills in those of the fields.
  if (kept.default !== undefined && kept['x-kubernetes-validations']) kept.default = filled(kept)
  return kept
}

const schemaOf = (schema: z.ZodType): JsonSchema =>
  structural(z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0', reused: 'inline' }) as JsonSchema)

/** The schema of the whole resource as the API server holds it. */
export const openAPIV3Schema = (): JsonSchema => ({
  type: 'object',
  description: 'A chatmail server: mail, calls and real-time apps for Delta Chat under one domain.',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string', description: 'Version of this schema.' },
    kind: { type: 'string', description: 'ChatmailServer.' },
    // The API server refuses any word about metadata but on the name.
    metadata: {
      type: 'object',
      properties: { name: { type: 'string', maxLength: 40, description: 'Name of the server, in its namespace.' } },
    },
    spec: schemaOf(spec),
    status: { ...schemaOf(status), default: { observedGeneration: -1 } },
  },
})

/** The object to apply. */
export const customResourceDefinition = () => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `chatmailservers.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: {
      kind,
      listKind: `${kind}List`,
      plural: 'chatmailservers',
      singular: 'chatmailserver',
      shortNames: ['cms'],
      categories: ['chatmail'],
    },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        additionalPrinterColumns: printerColumns,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.turn.replicas',
            statusReplicasPath: '.status.turnReplicas',
            labelSelectorPath: '.status.turnSelector',
          },
        },
        schema: { openAPIV3Schema: openAPIV3Schema() },
      },
    ],
  },
})
