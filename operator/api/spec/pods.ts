/** Fields that several parts share: where pods run, what they may use, and the image that they run. */
import { z } from 'zod'
import { objectName } from '../names.ts'
import { boundedMap, section } from '../rules.ts'

const toleration = z.strictObject({
  key: z.string().max(317).optional().describe('Taint key; without it, every key.'),
  operator: z.enum(['Exists', 'Equal']).default('Equal').describe('Exists: any value. Equal: the value given.'),
  value: z.string().max(63).optional().describe('Taint value, for operator Equal.'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .optional()
    .describe('Taint effect; without it, every effect.'),
  tolerationSeconds: z
    .int()
    .min(0)
    .max(2147483647)
    .optional()
    .describe('Seconds to stay on a node with a NoExecute taint.'),
})

export type Toleration = z.output<typeof toleration>

export const nodeSelector = (of: string) =>
  boundedMap(z.string().max(63), 32).default({}).describe(`Labels of the nodes that ${of} may run on.`)

export const tolerations = (of: string) =>
  z.array(toleration).max(32).default([]).describe(`Taints that ${of} tolerate.`)

const cpu = z
  .string()
  .max(16)
  .regex(/^([1-9][0-9]{0,5}m|[1-9][0-9]{0,3}(\.[0-9]{1,3})?|0\.[0-9]{1,3})$/, 'cores or millicores: 2, 0.5 or 250m')
const memory = z
  .string()
  .max(16)
  .regex(/^[1-9][0-9]{0,8}(Ki|Mi|Gi|Ti)?$/, 'bytes, or a number with Ki, Mi, Gi or Ti: 256Mi')

/** What is not given keeps `defaults`; a CPU limit is nobody's default, because it only makes calls stutter. */
export const resources = (of: string, defaults: { cpu: string; memory: string; memoryLimit: string }) =>
  section(`CPU and memory of ${of}.`, {
    requests: section('What is set aside.', {
      cpu: cpu.default(defaults.cpu).describe('CPU, for example 250m.'),
      memory: memory.default(defaults.memory).describe('Memory, for example 256Mi.'),
    }),
    limits: section('What is not exceeded.', {
      cpu: cpu.nullable().default(null).describe('CPU; without it, whatever the node has free.'),
      memory: memory.default(defaults.memoryLimit).describe('Memory; beyond it the pod is restarted.'),
    }),
  })

/** An image reference that may be left out. */
export const imageReference = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\s]+$/, 'an image reference, such as registry.example.org/chatmail-operator:1.2.3')
  .nullable()
  .default(null)

export const image = imageReference.describe(
  "Image of this server's pods. Where it is not given: the operator's own, so that both are of one version.",
)

export const imagePullPolicy = z
  .enum(['Always', 'IfNotPresent', 'Never'])
  .default('IfNotPresent')
  .describe('When nodes fetch the image.')

export const imagePullSecrets = z
  .array(objectName)
  .max(16)
  .default([])
  .describe("Secrets of this namespace with the registry's credentials.")
