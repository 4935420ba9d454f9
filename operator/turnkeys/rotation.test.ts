import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Keyring, keyring, signingKey } from '../../workloads/contract/keyring.ts'
import { firstKeyring } from './first.ts'
import { type Acknowledgements, nextRing, phaseOf, type RotationPolicy } from './rotation.ts'

const day = 86_400
const policy: RotationPolicy = { interval: 30 * day, ttl: 5 * day, skew: 300, requests: {} }
const start = 1_795_548_186
let made = 0
const secret = (): string => Buffer.from(`secret number ${String(made++).padStart(18, '0')}`).toString('base64')
const first = (): Keyring => firstKeyring((bytes) => Buffer.alloc(bytes, made++), start)
const all = (generation: number): Acknowledgements => ({ turn: [generation, generation], mail: [generation] })
const ids = (ring: Keyring): string[] => ring.keys.map(({ id, role }) => `${id} ${role}`)

test('a rotation in order: introduced, switched, dropped when nothing that it signed can live', () => {
  const steady = nextRing(first(), start + day, all(1), policy, secret)
  assert.deepEqual([steady.reason, steady.wakeAt], ['UpToDate', start + policy.interval])

  const due = start + policy.interval
  const introduced = nextRing(steady.ring, due, all(1), policy, secret).ring
  assert.deepEqual(ids(introduced), ['k2 verify', 'k1 sign'])
  const waiting = nextRing(introduced, due + 5, { turn: [2, 1], mail: [2] }, policy, secret)
  assert.deepEqual([waiting.ring, waiting.reason], [introduced, 'WaitingForTurn'])
  assert.equal(nextRing(introduced, due + 5, { turn: [2, null], mail: [2] }, policy, secret).reason, 'WaitingForTurn')

  const switchedRing = nextRing(introduced, due + 10, all(2), policy, secret).ring
  assert.deepEqual(ids(switchedRing), ['k2 sign', 'k1 verify'])
  const unsure = nextRing(switchedRing, due + 9 * day, { turn: [3, 3], mail: [2] }, policy, secret)
  assert.deepEqual([unsure.ring, unsure.reason], [switchedRing, 'WaitingForMail'])

  const confirmed = nextRing(switchedRing, due + 9 * day, all(3), policy, secret)
  const until = due + 14 * day + policy.skew
  assert.deepEqual([confirmed.reason, confirmed.wakeAt], ['WaitingForExpiry', until])
  assert.equal(nextRing(confirmed.ring, until - 1, all(3), policy, secret).ring, confirmed.ring)
  assert.deepEqual(ids(nextRing(confirmed.ring, until, all(3), policy, secret).ring), ['k2 sign'])
})

test('a request is answered once, however often it is seen, and waits for a rotation that runs', () => {
  const asked: RotationPolicy = { ...policy, requests: { rotate: '2026-11-23T10:00:00Z' } }
  const introduced = nextRing(first(), start + day, all(1), asked, secret).ring
  assert.equal(phaseOf(introduced), 'Introducing')
  let ring = introduced
  for (let now = start + day; now < start + 20 * day; now += day / 2)
    ring = nextRing(ring, now, all(ring.generation), asked, secret).ring
  assert.equal(phaseOf(ring), 'Steady')
  assert.equal(signingKey(ring).id, introduced.keys[0]!.id)
})

test('a revocation drops every other key at once, from any phase, and only once', () => {
  const revoked: RotationPolicy = { ...policy, requests: { revoke: 'leak-1' } }
  for (const from of [first(), nextRing(first(), start + policy.interval, all(1), policy, secret).ring]) {
    const { ring, reason } = nextRing(from, start + day, { turn: [null], mail: [null] }, revoked, secret)
    assert.equal(reason, 'Revoked')
    assert.equal(ring.keys.length, 1)
    assert.deepEqual(
      ring.revoked,
      from.keys.map(({ id }) => id),
    )
    assert.ok(!from.keys.some((key) => key.secret === ring.keys[0]!.secret))
    assert.equal(nextRing(ring, start + day + 1, all(ring.generation), revoked, secret).ring, ring)
  }
})

test('a request that stays written down is not answered again when its key has been rotated away', () => {
  for (const kind of ['rotate', 'revoke'] as const) {
    const asked: RotationPolicy = { ...policy, requests: { [kind]: 'once' } }
    let ring = first()
    const signed = new Set([signingKey(ring).id])
    for (let now = start + day; now < start + 100 * day; now += day / 2) {
      const next = nextRing(ring, now, all(ring.generation), asked, secret)
      assert.ok(ring.keys.length === 1 || next.reason !== 'Revoked', 'a second revocation')
      ring = next.ring
      signed.add(signingKey(ring).id)
    }
    assert.equal(signed.size, 5, 'the first key, the one asked for, and three by age')
  }
})

test('requests of both kinds that stay written down are answered once each, in whatever order', () => {
  for (const asked of [
    [{ revoke: 'leak' }, { revoke: 'leak', rotate: 'now' }],
    [{ rotate: 'now' }, { rotate: 'now', revoke: 'leak' }],
    [{ rotate: 'now', revoke: 'leak' }, { rotate: 'now' }, { rotate: 'now', revoke: 'leak' }],
    [{ rotate: '2026-11-23T10:00:00+00:00' }, { rotate: '2026-12-23T10:00:00+00:00' }],
  ]) {
    let ring = first()
    let revocations = 0
    const signed = new Set([signingKey(ring).id])
    let now = start
    for (const requests of asked)
      for (const end = now + 20 * day; now < end; now += day / 2) {
        const next = nextRing(ring, now, all(ring.generation), { ...policy, interval: 1000 * day, requests }, secret)
        keyring.parse(next.ring)
        if (next.reason === 'Revoked') revocations++
        ring = next.ring
        signed.add(signingKey(ring).id)
      }
    const wanted = new Set(asked.flatMap(Object.entries).map(String))
    assert.equal(revocations, asked.some((each) => 'revoke' in each) ? 1 : 0)
    assert.equal(signed.size, asked.length === 3 ? 2 : 1 + wanted.size)
  }
})

test('a clock that was set back since the switch is waited for', () => {
  const introduced = nextRing(first(), start + policy.interval, all(1), policy, secret).ring
  const switchedAt = start + policy.interval + 10
  const { ring } = nextRing(introduced, switchedAt, all(2), policy, secret)
  const behind = nextRing(ring, switchedAt - 7 * day, all(3), policy, secret)
  assert.deepEqual([behind.ring, behind.reason, behind.wakeAt], [ring, 'WaitingForClock', switchedAt])
})

type Event =
  | { kind: 'time'; by: number }
  | { kind: 'load'; pod: number }
  | { kind: 'vanish'; pod: number }
  | { kind: 'join'; workload: 'turn' | 'mail' }
  | { kind: 'login'; pod: number }
  | { kind: 'step'; lost: boolean; clock: number }
  | { kind: 'rotate'; id: string }

const clock = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -9 * day, max: 0 }) },
)

/** Steps, loads and logins often, so that most runs go round several times. */
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('step' as const), lost: fc.boolean(), clock }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('load' as const), pod: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('login' as const), pod: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('time' as const), by: fc.oneof(fc.nat(600), fc.nat(3 * day)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rotate' as const), id: fc.stringMatching(/^[a-z0-9]{1,12}$/) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      workload: fc.constantFrom('turn' as const, 'mail' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('vanish' as const), pod: fc.nat(9) }) },
)

type Pod = { workload: 'turn' | 'mail'; ring: Keyring }
type Credential = { secret: string; expiry: number }

const pick = (pods: readonly Pod[], workload: Pod['workload'] | null, index: number): Pod | undefined => {
  const chosen = pods.filter((pod) => workload === null || pod.workload === workload)
  return chosen[index % Math.max(1, chosen.length)]
}

test('whatever happens, every credential that has not expired is verified by every TURN pod', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 100, maxLength: 400 }), (events) => {
      let written = first()
      let now = start
      let requests: RotationPolicy['requests'] = {}
      let pods: Pod[] = [
        { workload: 'turn', ring: written },
        { workload: 'turn', ring: written },
        { workload: 'mail', ring: written },
        { workload: 'mail', ring: written },
      ]
      let credentials: Credential[] = []
      const seen = new Map<string, number>()
      const reported = (workload: Pod['workload']) =>
        pods.filter((pod) => pod.workload === workload).map(({ ring }) => ring.generation)

      const happen: { [K in Event['kind']]: (event: Extract<Event, { kind: K }>) => void } = {
        time: ({ by }) => {
          now += by
        },
        load: ({ pod }) => {
          const loading = pick(pods, null, pod)
          if (loading) loading.ring = written
        },
        vanish: ({ pod }) => {
          pods = pods.filter((each) => each !== pick(pods, null, pod))
        },
        join: ({ workload }) => {
          pods.push({ workload, ring: written })
        },
        login: ({ pod }) => {
          const mail = pick(pods, 'mail', pod)
          if (mail) credentials.push({ secret: signingKey(mail.ring).secret, expiry: now + policy.ttl })
        },
        step: ({ lost, clock }) => {
          // A clock that was set back to before the last switch.
          const since = signingKey(written) as { since?: number }
          const time = clock < 0 ? since.since! + clock : now
          const loaded = { turn: reported('turn'), mail: reported('mail') }
          const result = nextRing(written, time, loaded, { ...policy, requests }, secret)
          keyring.parse(result.ring)
          assert.ok(result.ring.generation >= written.generation)
          // A crash between the decision and the write: the next step decides anew.
          if (!lost) written = result.ring
        },
        rotate: ({ id }) => {
          requests = { ...requests, rotate: id }
        },
      }
      for (const each of events) {
        happen[each.kind](each as never)
        credentials = credentials.filter(({ expiry }) => expiry > now)
        for (const { ring } of pods.filter(({ workload }) => workload === 'turn'))
          for (const { secret: used } of credentials)
            assert.ok(
              ring.keys.some((key) => key.secret === used),
              'a credential that lives is refused',
            )
        for (const { generation } of [written])
          seen.set(JSON.stringify(written.keys.map(({ id, role }) => [id, role])), generation)
      }
      assert.equal(new Set(seen.values()).size, seen.size, 'two sets of keys have one generation')
    }),
    { numRuns: 500 },
  )
})

test('left alone with pods that load, every ring comes to rest, and a second look changes nothing', () => {
  let ring = first()
  let now = start
  for (let rounds = 0; rounds < 200; rounds++) {
    const result = nextRing(ring, now, all(ring.generation), policy, secret)
    assert.equal(
      nextRing(result.ring, now, { turn: [null], mail: [null] }, policy, secret).ring.generation -
        result.ring.generation <=
        1,
      true,
    )
    ring = result.ring
    assert.notEqual(result.wakeAt, null)
    now = Math.max(now, result.wakeAt!)
  }
  assert.ok(ring.generation > 50, 'it rotates month after month')
})
