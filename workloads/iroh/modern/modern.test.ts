import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { identityOf, newIdentity } from '../client/identity.ts'
import { buildChallenge, buildClientAuth, buildDenial, readClientAuth, signedMessage } from './challenge.ts'
import { modernDialect } from './dialect.ts'
import { buildFrame, frameTypes, isPossible, keyIn, turnAround } from './frames.ts'

const seeded = identityOf(
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 0x2a)]),
    format: 'der',
    type: 'pkcs8',
  }),
)
const zeros = Buffer.alloc(16)

test('the handshake of upstream’s vectors', () => {
  assert.equal(
    Buffer.from(signedMessage(zeros)).toString('hex'),
    '8105e7bd9963194e6d6d80225a3f1b071da3b6e65edcd12531e16233f33de9d6',
  )
  const auth = buildClientAuth(seeded.key, zeros, seeded.sign)
  assert.equal(
    auth.toString('hex'),
    '01197f6b23e16c8532c6abc838facd5ea789be0c76b2920334039bfa8b3d368d6140' +
      '661ffa2a241b3803f8d5f0e04fc3251c2b2785f8ed605b1d8b58825b92c3ba2b2b5d84d01c405f917f4fc602000442b0cbd867ab0143034f37bd089cb987d80b',
  )
  assert.deepEqual(readClientAuth(auth, zeros), { key: seeded.key })
  assert.equal(buildChallenge(zeros).toString('hex'), `00${'00'.repeat(16)}`)
  assert.equal(buildDenial('signature invalid').toString('latin1'), '\x03\x11signature invalid')
})

test('a signature for another challenge, and one of another key, prove nothing', () => {
  const auth = buildClientAuth(seeded.key, zeros, seeded.sign)
  assert.deepEqual(readClientAuth(auth, Buffer.alloc(16, 1)), { refused: 'signature invalid' })
  const stranger = buildClientAuth(seeded.key, zeros, newIdentity().sign)
  assert.deepEqual(readClientAuth(stranger, zeros), { refused: 'signature invalid' })
})

test('anything else is malformed or invalid, and never throws', () => {
  const auth = buildClientAuth(seeded.key, zeros, seeded.sign)
  fc.assert(
    fc.property(fc.nat(auth.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(auth)
      changed[at]! ^= change
      assert.ok('refused' in readClientAuth(changed, zeros))
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.ok('refused' in readClientAuth(Buffer.from(bytes), zeros))
    }),
  )
})

test('which frames of a client are possible', () => {
  const key = Buffer.alloc(32)
  const cases: [number, number, boolean][] = [
    [frameTypes.toRelay, 33, false],
    [frameTypes.toRelay, 34, true],
    [frameTypes.toRelay, 65_536, true],
    [frameTypes.toRelay, 65_537, false],
    [frameTypes.batchToRelay, 35, false],
    [frameTypes.batchToRelay, 36, true],
    [frameTypes.ping, 8, true],
    [frameTypes.ping, 9, false],
    [frameTypes.pong, 7, false],
    [frameTypes.clientAuth, 97, false],
    [frameTypes.fromRelay, 40, false],
    [frameTypes.health, 4, false],
    [frameTypes.status, 1, false],
    [64, 40, false],
  ]
  for (const [type, length, possible] of cases)
    assert.equal(isPossible(buildFrame(type, Buffer.concat([key, Buffer.alloc(65_536)]).subarray(0, length))), possible)
  assert.equal(isPossible(Buffer.alloc(0)), false)
})

test('a datagram is turned around in place, ECN, segment size and contents as they were', () => {
  const [to, from] = [Buffer.alloc(32, 0xfe), Buffer.alloc(32, 0x81)]
  for (const [sent, received] of [
    [frameTypes.toRelay, frameTypes.fromRelay],
    [frameTypes.batchToRelay, frameTypes.batchFromRelay],
  ] as const)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 3000 }), (rest) => {
        const frame = buildFrame(sent, to, rest)
        assert.equal(keyIn(frame), to.toString('latin1'))
        assert.deepEqual(turnAround(frame, from), buildFrame(received, from, rest))
      }),
    )
})

test('version 1 says in words what version 2 says in numbers', () => {
  assert.match(modernDialect(1).superseded!.toString('latin1'), /^\x0bAnother endpoint/)
  assert.equal(modernDialect(1).restored, null)
  assert.deepEqual(modernDialect(2).superseded, Buffer.of(13, 1))
  assert.deepEqual(modernDialect(2).restored, Buffer.of(13, 0))
})
