/**
 * What a workload answers at `/state`: which version of each mounted file is in force, and counts. Never an address,
 * a name or a secret.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'

/** First 16 hex digits of the SHA-256 of the file's bytes: enough to compare, useless to invert. */
const fileDigest = z.string().regex(/^[0-9a-f]{16}$/)

/** The digest of a file's bytes, or of its text. */
export const digestOf = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 16)

const loadedFile = z.strictObject({
  digest: fileDigest,
  /** For the key ring: its generation. */
  generation: z.int().optional(),
  /** When the last change of the file could not be used: why, in words without content. The old version stays in force. */
  error: z.string().optional(),
})

export const workloadState = z.strictObject({
  workload: z.enum(['mail', 'turn', 'iroh']),
  ready: z.boolean(),
  draining: z.boolean(),
  /** Mounted file name → what of it is in force. */
  loaded: z.record(z.string(), loadedFile),
  /** Counter name → value, for example `sessions` or `allocations`. */
  counts: z.record(z.string(), z.number()),
  /** TURN: allocations per key id, so that a key is dropped only when nobody uses it. */
  allocationsByKey: z.record(z.string(), z.int()).optional(),
})

export type LoadedFile = z.infer<typeof loadedFile>
export type WorkloadState = z.infer<typeof workloadState>
