/** Where the rotation of the TURN keys stands, without key material. */
import { type Keyring, signingKey } from '../../workloads/contract/keyring.ts'
import type { Status } from '../api/status.ts'
import { phaseOf, type Rotation, type RotationReason } from '../turnkeys/rotation.ts'
import type { Verdict } from './verdict.ts'

const waiting: Partial<Record<RotationReason, Verdict<'KeysReady'>>> = {
  WaitingForTurn: {
    status: 'True',
    reason: 'WaitingForRelays',
    message: 'A new key is on its way to all relays; the one before signs until they have it.',
  },
  WaitingForMail: {
    status: 'True',
    reason: 'WaitingForMail',
    message: 'All relays have the new key; mail pods are about to sign with it.',
  },
  WaitingForClock: {
    status: 'False',
    reason: 'WaitingForClock',
    message:
      'The clock of the operator stands before the last switch of keys. Set it right; until then no key is dropped.',
  },
}

export const keysVerdict = ({ ring, reason }: Rotation): Verdict<'KeysReady'> => {
  const told = waiting[reason]
  if (told) return told
  const phase = phaseOf(ring)
  const messages = {
    Steady: `Key ${signingKey(ring).id} signs and verifies.`,
    Introducing: 'A new key is being introduced.',
    Switched: `Key ${signingKey(ring).id} signs; the one before verifies what it has signed until that has expired.`,
  }
  return { status: 'True', reason: phase, message: messages[phase] }
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** `interval` in seconds. */
export const keysStatus = (ring: Keyring, interval: number): Required<NonNullable<Status['turnKeys']>> => {
  const key = signingKey(ring)
  const since = key.role === 'sign' ? key.since : 0
  return {
    generation: ring.generation,
    phase: phaseOf(ring),
    signingKeyId: key.id,
    since: iso(since),
    nextRotation: iso(since + interval),
  }
}
