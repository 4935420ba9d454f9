/**
 * The rotation of the TURN keys, as a pure step: given the ring as it is written down, the time, and which generation each
 * pod says that it has loaded, what the ring should be next.
 *
 *   Steady ──(due or asked)──▶ Introducing ──(every TURN pod has it)──▶ Switched ──(nothing signed by the old key lives)──▶ Steady
 *
 * The phase is read off the ring, newest key first, and nothing else is remembered: a crash between any two writes leaves a
 * ring from which the next step goes on. Running calls keep the key that they were made with. A revocation leaves any
 * phase at once, and ends the calls of the keys that it names.
 */
import { createHash } from 'node:crypto'
import { type Keyring, signingKey, type TurnKey } from '../../workloads/contract/keyring.ts'

export type Phase = 'Steady' | 'Introducing' | 'Switched'

/**
 * What somebody asks for: of each kind the last request, by what tells it from the ones before. The same one again changes
 * nothing.
 */
export type KeyRequests = { rotate?: string | undefined; revoke?: string | undefined }
export type RequestKind = keyof KeyRequests

/** All in seconds. */
export type RotationPolicy = {
  /** Age at which the signing key is replaced. */
  interval: number
  /** How long a credential is valid. */
  ttl: number
  /** How far clocks of pods may be apart. */
  skew: number
  requests: KeyRequests
}

/** The generation that each pod reports, draining ones too; null where it does not answer. */
export type Acknowledgements = { turn: readonly (number | null)[]; mail: readonly (number | null)[] }

export type RotationReason =
  | 'UpToDate'
  | 'Rotating'
  | 'WaitingForTurn'
  | 'WaitingForMail'
  | 'WaitingForExpiry'
  | 'WaitingForClock'
  | 'Revoked'

export type Rotation = {
  /** The same object when nothing is to be written. */
  ring: Keyring
  phase: Phase
  reason: RotationReason
  /** When time alone will change something, in Unix seconds; null while only pods can. */
  wakeAt: number | null
}

/** Makes the secret of a new key: 32 random bytes in base64. */
export type NewSecret = () => string

type Step = (ring: Keyring, now: number, pods: Acknowledgements, policy: RotationPolicy, secret: NewSecret) => Rotation

export const phaseOf = ({ keys }: Keyring): Phase => {
  if (keys[0]!.role !== 'sign') return 'Introducing'
  return keys.length === 1 ? 'Steady' : 'Switched'
}

const numberOf = (key: TurnKey): number => Number(/^k(\d+)/.exec(key.id)?.[1] ?? 0)

const letters: Record<RequestKind, string> = { rotate: 'r', revoke: 'x' }
const markLength = 10

/** The request's mark in a key's id: how a key says which request it answers. */
const markOf = (kind: RequestKind, request: string): string =>
  letters[kind] + createHash('sha256').update(request).digest('hex').slice(0, markLength)

const marksOf = ({ id }: TurnKey): string[] => id.split('-').slice(1)

const isOpen = ({ keys }: Keyring, kind: RequestKind, request: string | undefined): boolean =>
  request !== undefined && !keys.some((key) => marksOf(key).includes(markOf(kind, request)))

/** What is asked for and no key answers yet: a rotation that runs comes to its end first. */
export const openRequests = (ring: Keyring, requests: KeyRequests): RequestKind[] =>
  (Object.keys(letters) as RequestKind[]).filter((kind) => isOpen(ring, kind, requests[kind]))

/**
 * Marks go on to the keys that follow, of each kind the last one: a request that stays written down is not answered again
 * when the key that answered it has been rotated away, nor when there is one of the other kind.
 */
const newId = ({ keys }: Keyring, requests: KeyRequests): string => {
  const before = marksOf(keys[0]!)
  const marks = (Object.keys(letters) as RequestKind[]).flatMap((kind) => {
    const request = requests[kind]
    return request === undefined ? before.filter((mark) => mark[0] === letters[kind]) : [markOf(kind, request)]
  })
  return [`k${Math.max(...keys.map(numberOf)) + 1}`, ...marks].join('-')
}

const everyHas = (generation: number, reported: readonly (number | null)[]): boolean =>
  reported.every((each) => each !== null && each >= generation)

/** As many as the ring may name; by then no credential of an older one is left. */
const maxRevoked = 16

const revoke = (ring: Keyring, now: number, requests: KeyRequests, secret: NewSecret): Rotation => ({
  ring: {
    generation: ring.generation + 1,
    keys: [{ id: newId(ring, requests), secret: secret(), role: 'sign', since: now }],
    revoked: [...(ring.revoked ?? []), ...ring.keys.map(({ id }) => id)].slice(-maxRevoked),
  },
  phase: 'Steady',
  reason: 'Revoked',
  wakeAt: now,
})

const steady: Step = (ring, now, _pods, { interval, requests }, secret) => {
  const signing = signingKey(ring) as TurnKey & { role: 'sign' }
  const due = signing.since + interval
  if (!isOpen(ring, 'rotate', requests.rotate) && now < due)
    return { ring, phase: 'Steady', reason: 'UpToDate', wakeAt: due }
  const key: TurnKey = { id: newId(ring, requests), secret: secret(), role: 'verify' }
  return {
    ring: { ...ring, generation: ring.generation + 1, keys: [key, ...ring.keys] },
    phase: 'Introducing',
    reason: 'Rotating',
    wakeAt: now,
  }
}

const introducing: Step = (ring, now, { turn }) => {
  if (!everyHas(ring.generation, turn)) return { ring, phase: 'Introducing', reason: 'WaitingForTurn', wakeAt: null }
  const [next, old] = ring.keys as [TurnKey, TurnKey]
  return {
    ring: {
      ...ring,
      generation: ring.generation + 1,
      keys: [
        { id: next.id, secret: next.secret, role: 'sign', since: now },
        { id: old.id, secret: old.secret, role: 'verify' },
      ],
    },
    phase: 'Switched',
    reason: 'Rotating',
    wakeAt: now,
  }
}

/**
 * Only when every mail pod signs with the new key is it known how long the old one can be needed: that moment is written
 * down as `until`. A clock that stands before the switch was set back and tells nothing: then this waits.
 */
const switched: Step = (ring, now, { mail }, { ttl, skew }) => {
  const [signing, old] = ring.keys as [TurnKey & { role: 'sign' }, TurnKey & { role: 'verify' }]
  if (now < signing.since) return { ring, phase: 'Switched', reason: 'WaitingForClock', wakeAt: signing.since }
  if (old.until === undefined) {
    if (!everyHas(ring.generation, mail)) return { ring, phase: 'Switched', reason: 'WaitingForMail', wakeAt: null }
    const until = now + ttl + skew
    return {
      ring: { ...ring, keys: [signing, { ...old, until }] },
      phase: 'Switched',
      reason: 'WaitingForExpiry',
      wakeAt: until,
    }
  }
  if (now < old.until) return { ring, phase: 'Switched', reason: 'WaitingForExpiry', wakeAt: old.until }
  return {
    ring: { ...ring, generation: ring.generation + 1, keys: [signing] },
    phase: 'Steady',
    reason: 'UpToDate',
    wakeAt: now,
  }
}

const steps: Record<Phase, Step> = { Steady: steady, Introducing: introducing, Switched: switched }

/** One step. `now` in Unix seconds. Called again with a ring that it returned as it was, and nothing new, it does so again. */
export const nextRing: Step = (ring, now, pods, policy, secret) => {
  const { requests } = policy
  if (isOpen(ring, 'revoke', requests.revoke)) return revoke(ring, now, requests, secret)
  return steps[phaseOf(ring)](ring, now, pods, policy, secret)
}
