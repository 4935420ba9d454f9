/**
 * `keyring.json`: the TURN HMAC keys. Mail signs credentials with the one `sign` key; TURN verifies with all of them.
 */
import { z } from 'zod'

const keyId = z.string().regex(/^[a-z0-9-]{1,32}$/)
/** 32 random bytes as base64. The HMAC is keyed with this text itself, as coturn's `static-auth-secret` does. */
const secret = z.string().min(32).max(128)
const seconds = z.int().nonnegative()

export const turnKey = z.discriminatedUnion('role', [
  z.strictObject({ id: keyId, secret, role: z.literal('sign'), since: seconds }),
  z.strictObject({ id: keyId, secret, role: z.literal('verify'), until: seconds.optional() }),
])

export const keyring = z
  .strictObject({
    generation: z.int().positive(),
    keys: z.array(turnKey).min(1).max(3),
    /** Keys that have been revoked: TURN ends what was allocated with them. A key that merely left the ring ends nothing. */
    revoked: z.array(keyId).max(16).optional(),
  })
  .refine((ring) => ring.keys.filter((key) => key.role === 'sign').length === 1, 'exactly one key has role "sign"')
  .refine((ring) => new Set(ring.keys.map((key) => key.id)).size === ring.keys.length, 'key ids are unique')

export type TurnKey = z.infer<typeof turnKey>
export type Keyring = z.infer<typeof keyring>

/** The key that new credentials are signed with. */
export const signingKey = (ring: Keyring): TurnKey => ring.keys.find((key) => key.role === 'sign')!
