/**
 * The TURN keys: one step of the rotation a pass. The ring is written with the version that it was read in, so that a copy
 * that lags behind never puts an old ring over a new one.
 */
import { type Keyring, keyring } from '../../workloads/contract/keyring.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { digestOf } from '../../workloads/contract/state.ts'
import { seconds } from '../api/quantities.ts'
import { fileText } from '../render/files.ts'
import { names } from '../render/names.ts'
import { annotationPrefix } from '../render/objects.ts'
import { firstKeyring } from '../turnkeys/first.ts'
import { type Acknowledgements, type KeyRequests, nextRing, type Rotation } from '../turnkeys/rotation.ts'
import type { Gathered } from './gather.ts'
import { isNodeReady } from './placement/nodes.ts'
import { isRunning, type Pod, secretText } from './view.ts'

export const rotateAnnotation = `${annotationPrefix}rotate-keys`
export const revokeAnnotation = `${annotationPrefix}revoke-keys`

/** How far the clocks of nodes may be apart, in seconds. */
const skew = 300
const secretBytes = 32

export type KeysStep = { rotation: Rotation; text: string }

/** A ring that cannot be read: it is not replaced, because calls depend on it. */
export class UnreadableKeyring extends Error {
  override name = 'UnreadableKeyring'
}

const parseRing = (text: string): Keyring => {
  try {
    return keyring.parse(JSON.parse(text))
  } catch {
    throw new UnreadableKeyring('the Secret with the TURN keys cannot be read')
  }
}

const requestsOf = ({ object }: Gathered): KeyRequests => {
  const { annotations = {} } = object.metadata
  return { rotate: annotations[rotateAnnotation] || undefined, revoke: annotations[revokeAnnotation] || undefined }
}

/**
 * Pods that have to have a key before it is used. One that does not run yet starts with the newest ring; one on a node that
 * has gone dark serves nobody whom the server tells of it, because a relay is told of only while it proves to work.
 */
const concerned = (pods: readonly Pod[], { nodes }: Gathered): Pod[] => {
  const dark = new Set(nodes.filter((node) => !isNodeReady(node)).map(({ metadata }) => metadata.name))
  return pods.filter((pod) => isRunning(pod) && !dark.has(pod.spec.nodeName ?? ''))
}

/**
 * Who has the ring of this text. By its digest: a ring that was made anew after its Secret was lost counts from one again, and
 * pods that still have the lost one would seem to be ahead of it.
 */
export const acknowledgements = (gathered: Gathered, { generation }: Keyring, text: string): Acknowledgements => {
  const digest = digestOf(text)
  const generationOf = ({ metadata }: Pod): number | null =>
    gathered.states.get(metadata.uid!)?.loaded[mountedFiles.keyring]?.digest === digest ? generation : null
  return {
    turn: concerned(gathered.turnPods, gathered).map(generationOf),
    mail: gathered.mailPods.filter(isRunning).map(generationOf),
  }
}

export const rotateKeys = (gathered: Gathered, random: (bytes: number) => Buffer): KeysStep => {
  const { server, live } = gathered
  const now = Math.floor(gathered.now / 1000)
  const { credentials } = server.spec.turn
  const policy = {
    interval: seconds(credentials.rotation.interval),
    ttl: seconds(credentials.ttl),
    skew,
    requests: requestsOf(gathered),
  }
  const kept = secretText(live.get(`Secret/${names.keyring(server)}`), mountedFiles.keyring)
  const ring = kept === null ? firstKeyring(random, now) : parseRing(kept)
  const text = kept ?? fileText(ring)
  const newSecret = () => random(secretBytes).toString('base64')
  const rotation = nextRing(ring, now, acknowledgements(gathered, ring, text), policy, newSecret)
  return { rotation, text: rotation.ring === ring ? text : fileText(rotation.ring) }
}
