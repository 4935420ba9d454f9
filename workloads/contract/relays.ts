/**
 * `relays.json`: the relays that mail tells its clients of. Only what works is listed as `ready`.
 */
import { z } from 'zod'

export const turnEndpoint = z.strictObject({
  /** Names the endpoint for rendezvous hashing; stable over restarts. */
  id: z.string().min(1).max(253),
  /** IPv4 address or name. Delta Chat splits the value at colons, so an IPv6 literal cannot be told. */
  host: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[^:\s]+$/, 'an IPv4 address or a name, never an IPv6 literal'),
  port: z.int().min(1).max(65535),
  state: z.enum(['ready', 'draining']),
  /** Where it takes over clients that speak TURN on mail's HTTPS port; absent where it does not. */
  handOver: z.strictObject({ host: z.string().min(1).max(253), port: z.int().min(1).max(65535) }).optional(),
})

export const relays = z.strictObject({
  turn: z.array(turnEndpoint).max(256).default([]),
  /** The URL that clients open for real-time apps, or null. */
  iroh: z.url().nullable().default(null),
})

export type TurnEndpoint = z.infer<typeof turnEndpoint>
export type Relays = z.infer<typeof relays>
