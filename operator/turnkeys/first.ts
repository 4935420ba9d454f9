/** The key ring of a new server: one key, which signs. */
import type { Keyring } from '../../workloads/contract/keyring.ts'

const secretBytes = 32

/** `random` gives that many random bytes; `now` is in Unix seconds. */
export const firstKeyring = (random: (bytes: number) => Buffer, now: number): Keyring => ({
  generation: 1,
  keys: [{ id: 'k1', secret: random(secretBytes).toString('base64'), role: 'sign', since: now }],
})
