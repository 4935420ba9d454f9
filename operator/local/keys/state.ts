/** Where the rotation of the TURN keys of one machine stands, without key material: a file for `chatmail keys`. */
import { z } from 'zod'
import type { Keyring } from '../../../workloads/contract/keyring.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { keysStatus, keysVerdict } from '../../status/keys.ts'
import { rotationPolicy } from '../../turnkeys/policy.ts'
import { type KeyRequests, openRequests, type Rotation } from '../../turnkeys/rotation.ts'
import type { Layout } from '../data/layout.ts'
import { readIfThere, writePrivate } from '../data/secrets.ts'

const keysState = z.strictObject({
  generation: z.int(),
  phase: z.enum(['Steady', 'Introducing', 'Switched']),
  signingKeyId: z.string(),
  since: z.string(),
  /** When the key before leaves the ring; null where there is none, or nobody knows yet. */
  oldKeyUntil: z.string().nullable(),
  nextRotation: z.string(),
  message: z.string(),
  /** What was asked for when this was written. */
  requests: z.strictObject({ rotate: z.string().optional(), revoke: z.string().optional() }),
  /** What of it waits for the end of the rotation that runs. */
  open: z.array(z.enum(['rotate', 'revoke'])),
})

export type KeysState = z.infer<typeof keysState>

const oldKeyUntil = ({ keys }: Keyring): string | null => {
  const until = keys.flatMap((key) => (key.role === 'verify' && key.until ? [key.until] : []))[0]
  return until === undefined ? null : new Date(until * 1000).toISOString()
}

export const stateOf = (server: ChatmailServer, rotation: Rotation, requests: KeyRequests): KeysState => {
  const { ring } = rotation
  return {
    ...keysStatus(ring, rotationPolicy(server, requests).interval),
    oldKeyUntil: oldKeyUntil(ring),
    message: keysVerdict(rotation).message,
    requests,
    open: openRequests(ring, requests),
  }
}

/** Null where no server has written any that this program knows. */
export const readKeysState = (layout: Layout): KeysState | null => {
  try {
    return keysState.parse(JSON.parse(readIfThere(layout.keysState) ?? 'null'))
  } catch {
    return null
  }
}

export const writeKeysState = (layout: Layout, state: KeysState): void => {
  const text = `${JSON.stringify(state, null, 2)}\n`
  if (readIfThere(layout.keysState) !== text) writePrivate(layout.keysState, text)
}
