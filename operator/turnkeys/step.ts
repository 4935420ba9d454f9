/** One step of the rotation on the ring as it is written down: a Secret of the cluster, or a file of one machine. */
import { type Keyring, keyring } from '../../workloads/contract/keyring.ts'
import { fileText } from '../render/files.ts'
import { firstKeyring } from './first.ts'
import { type Acknowledgements, nextRing, type Rotation, type RotationPolicy } from './rotation.ts'

const secretBytes = 32

export type KeysStep = { rotation: Rotation; text: string }

/** A ring that cannot be read: it is not replaced, because calls depend on it. */
export class UnreadableKeyring extends Error {
  override name = 'UnreadableKeyring'
}

/** @throws UnreadableKeyring */
const parseRing = (text: string): Keyring => {
  try {
    return keyring.parse(JSON.parse(text))
  } catch {
    throw new UnreadableKeyring('the key ring of TURN cannot be read')
  }
}

export type KeysInput = {
  /** `keyring.json` as it is kept; null where there is none yet. */
  kept: string | null
  policy: RotationPolicy
  /** Who has the ring of this text in force. */
  acknowledgements: (ring: Keyring, text: string) => Acknowledgements
  /** Unix milliseconds. */
  now: number
  random: (bytes: number) => Buffer
}

/** The text is the same as long as nothing is to be written. @throws UnreadableKeyring */
export const stepKeys = ({ kept, policy, acknowledgements, now, random }: KeysInput): KeysStep => {
  const time = Math.floor(now / 1000)
  const ring = kept === null ? firstKeyring(random, time) : parseRing(kept)
  const text = kept ?? fileText(ring)
  const newSecret = () => random(secretBytes).toString('base64')
  const rotation = nextRing(ring, time, acknowledgements(ring, text), policy, newSecret)
  return { rotation, text: rotation.ring === ring ? text : fileText(rotation.ring) }
}

/** Milliseconds until another step may change something; null while nobody can know. `pollMs`: while pods are waited for. */
export const wakeAfter = ({ wakeAt, reason }: Rotation, now: number, pollMs: number): number | null => {
  if (wakeAt !== null) return Math.max(0, wakeAt * 1000 - now)
  return reason === 'UpToDate' ? null : pollMs
}
