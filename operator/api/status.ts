/** `status`: what the operator has seen. Nothing in it names a user, and no key material is in it. */
import { z } from 'zod'
import { port } from './names.ts'

const text = (max: number) => z.string().max(max)

const condition = z.strictObject({
  type: text(316).describe('What the condition is about, for example Ready.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: text(1024).describe('Why, as one word that programs can read.'),
  message: text(32768).describe('What is the case, why, and what to do.'),
  observedGeneration: z
    .int()
    .min(-1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Generation of the resource that this is about.'),
  lastTransitionTime: z.iso.datetime().describe('When status last changed.'),
})

const turnEndpoint = z.strictObject({
  node: text(253).describe('Node that the relay runs on.'),
  host: text(253).optional().describe('Name or address that clients are told.'),
  port: port.optional().describe('UDP port.'),
  state: z
    .enum(['Starting', 'Ready', 'Draining', 'Unreachable'])
    .describe('Whether clients are told of it: only Ready ones.'),
  reason: text(1024).optional().describe('Why it is not Ready.'),
})

const endpoints = z.strictObject({
  mail: text(253).optional().describe('Name or address of the mail server.'),
  turn: z.array(turnEndpoint).max(100).optional().describe('Relays for calls, one a node.'),
  iroh: text(2000).optional().describe('URL of the relay for real-time apps.'),
})

const openPort = z.strictObject({
  name: text(63).describe('Short name.'),
  protocol: z.enum(['TCP', 'UDP']).describe('Transport protocol.'),
  from: port.describe('First port.'),
  to: port.describe('Last port; the same for a single one.'),
  purpose: text(256).describe('What it is for.'),
  where: text(253).describe('Address or node that it is open on.'),
})

const dnsRecord = z.strictObject({
  name: text(253).describe('Name of the record.'),
  type: text(16).describe('Type of the record.'),
  value: text(4096).describe('Value to publish.'),
  required: z.boolean().describe('False where the server works without it.'),
  seen: z.boolean().describe('True when the record was found with this value.'),
})

const turnKeys = z.strictObject({
  generation: z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Version of the key ring.'),
  phase: z.enum(['Steady', 'Introducing', 'Switched']).describe('Where a rotation stands.'),
  signingKeyId: text(32).describe('Name of the key that signs credentials.'),
  since: z.iso.datetime().describe('When it began to sign.'),
  nextRotation: z.iso.datetime().optional().describe('When the next rotation begins.'),
})

export const status = z
  .strictObject({
    observedGeneration: z
      .int()
      .min(-1)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('Generation of the resource that the operator has last worked on.'),
    conditions: z
      .array(condition)
      .max(32)
      .optional()
      .meta({
        description: 'What is the case. Ready sums it up.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      }),
    endpoints: endpoints.optional().describe('Where clients connect.'),
    ports: z.array(openPort).max(256).optional().describe('Every port that must be open, and what for.'),
    dns: z.array(dnsRecord).max(64).optional().describe('Every DNS record to publish, and whether it was seen.'),
    turnKeys: turnKeys.optional().describe('The state of the TURN keys, without key material.'),
    turnReplicas: z.int().min(0).max(100).optional().describe('Number of TURN pods that are ready.'),
    turnSelector: text(1024).optional().describe('Label selector of the TURN pods.'),
    invite: text(2048).optional().describe('Invite link for Delta Chat, where one link serves everybody.'),
  })
  .describe('What the operator has seen.')

export type Status = z.infer<typeof status>
