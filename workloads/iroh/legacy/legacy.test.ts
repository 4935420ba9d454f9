import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { identityOf } from '../client/identity.ts'
import { legacyForm } from '../transport/web-socket.ts'
import { buildClientInfo, readClientInfo } from './client-info.ts'
import { FrameReader } from './frame-reader.ts'
import {
  buildFrame,
  buildRestarting,
  frameTypes,
  headerBytes,
  isPossible,
  keyIn,
  payloadOf,
  turnAround,
  typeOf,
} from './frames.ts'

/** The secret seed 32×0x2a of upstream's own vectors, as PKCS#8. */
const seeded = identityOf(
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 0x2a)]),
    format: 'der',
    type: 'pkcs8',
  }),
)

const clientInfo = Buffer.from(
  '020000006a52454c4159f09f9491197f6b23e16c8532c6abc838facd5ea789be0c76b2920334039bfa8b3d368d61' +
    '88e77b22f292ab37435da8de0bc8cb84e288f4e73b3582a52731e9ff9865465c87e05e8d427df422bb6e85e1c05f6f749837baa4a5c7eba3230d77569910430e' +
    '03',
  'hex',
)

const collect = (reader: FrameReader, chunks: readonly Buffer[]): { frames: Buffer[]; valid: boolean } => {
  const frames: Buffer[] = []
  const valid = chunks.every((chunk) =>
    reader.push(chunk, (frame) => {
      frames.push(Buffer.from(frame))
      return true
    }),
  )
  return { frames, valid }
}

/** `bytes` cut at every index of `cuts`. */
const cut = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const ends = [...cuts.map((at) => at % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end)))
}

const frame = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 3000 }).map((payload) => buildFrame(frameTypes.sendPacket, payload)),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((payload) => buildFrame(frameTypes.ping, payload)),
  fc.constant(buildFrame(frameTypes.keepAlive)),
  fc.constant(buildFrame(frameTypes.notePreferred, Buffer.of(1))),
)

test('ClientInfo is what the stock client sends', () => {
  assert.deepEqual(buildClientInfo(seeded.key, seeded.sign), clientInfo)
  assert.deepEqual(readClientInfo(clientInfo), seeded.key)
})

test('frames of upstream’s vectors', () => {
  const forms: [Buffer, string, string][] = [
    [buildFrame(frameTypes.ping, Buffer.alloc(8, 42)), '0c00000008', '0c'],
    [buildFrame(frameTypes.notePreferred, Buffer.of(1)), '0700000001', '07'],
    [buildRestarting(10, 20), '0f00000008', '0f'],
  ]
  const payloads = ['2a2a2a2a2a2a2a2a', '01', '0000000a00000014']
  forms.forEach(([built, stream, webSocket], index) => {
    assert.equal(built.toString('hex'), stream + payloads[index])
    assert.equal(legacyForm.write(built).toString('hex'), webSocket + payloads[index])
  })
})

test('a changed ClientInfo proves no key', () => {
  fc.assert(
    fc.property(fc.nat(clientInfo.length - headerBytes - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(clientInfo)
      changed[headerBytes + at]! ^= change
      assert.equal(readClientInfo(changed), null)
    }),
  )
  assert.equal(readClientInfo(buildFrame(frameTypes.clientInfo)), null)
  assert.equal(readClientInfo(buildFrame(frameTypes.ping, Buffer.alloc(8))), null)
})

test('bytes after the version are tolerated where they are signed', () => {
  const message = Buffer.from('0301020304', 'hex')
  const head = payloadOf(clientInfo).subarray(0, 9)
  const longer = buildFrame(frameTypes.clientInfo, head, seeded.key, seeded.sign(message), message)
  assert.deepEqual(readClientInfo(longer), seeded.key)
  const other = Buffer.of(4)
  assert.equal(readClientInfo(buildFrame(frameTypes.clientInfo, head, seeded.key, seeded.sign(other), other)), null)
})

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 30 }), (frames, cuts) => {
      const reader = new FrameReader(null)
      const { frames: read, valid } = collect(reader, cut(Buffer.concat(frames), cuts))
      assert.ok(valid)
      assert.deepEqual(read, frames)
      assert.equal(reader.held, 0)
    }),
  )
})

test('byte by byte, and with no more memory than twice what has come', () => {
  const whole = buildFrame(frameTypes.sendPacket, Buffer.alloc(32 + 65_536, 1))
  const reader = new FrameReader(null)
  for (let at = 0; at < whole.length - 1; at++) {
    assert.ok(reader.push(whole.subarray(at, at + 1), () => assert.fail('too early')))
    assert.ok(reader.held <= Math.max(64, 2 * (at + 1)))
  }
  assert.deepEqual(collect(reader, [whole.subarray(-1)]).frames, [whole])
})

test('a reader never holds what an announcement promises', () => {
  const reader = new FrameReader(null)
  const announced = Buffer.from('0400010020', 'hex')
  assert.ok(reader.push(announced, () => assert.fail('no frame')))
  assert.equal(reader.held, 64)
})

test('any type and length: taken, or the stream is over', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.nat(70_000), (type, length) => {
      const bytes = Buffer.concat([Buffer.of(type), Buffer.alloc(4), Buffer.alloc(length)])
      bytes.writeUInt32BE(length, 1)
      const { frames, valid } = collect(new FrameReader(null), [bytes])
      assert.equal(valid, isPossible(type, length))
      assert.equal(frames.length, valid ? 1 : 0)
    }),
  )
  for (const impossible of [
    '0300000000',
    '09000000',
    '1000000000',
    '0c00000007',
    '07000000',
    '0400010021',
    '040000001f',
  ])
    assert.equal(
      collect(new FrameReader(null), [Buffer.from(impossible.padEnd(10, 'f'), 'hex')]).valid,
      false,
      impossible,
    )
})

test('of somebody unknown nothing but ClientInfo is read', () => {
  const strict = () => new FrameReader(frameTypes.clientInfo)
  const packet = buildFrame(frameTypes.sendPacket, Buffer.alloc(40))
  assert.equal(collect(strict(), [packet]).valid, false)
  assert.equal(collect(strict(), cut(packet, [3])).valid, false)
  assert.deepEqual(collect(strict(), cut(Buffer.concat([clientInfo, packet]), [2, 50, 120])).frames, [
    clientInfo,
    packet,
  ])
})

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), (chunks) => {
      collect(
        new FrameReader(null),
        chunks.map((chunk) => Buffer.from(chunk)),
      )
    }),
  )
})

test('a datagram is turned around in place', () => {
  const [to, from, data] = [Buffer.alloc(32, 0xfe), Buffer.alloc(32, 0x81), Buffer.from('data')]
  const sent = buildFrame(frameTypes.sendPacket, to, data)
  assert.equal(keyIn(sent), to.toString('latin1'))
  const received = turnAround(sent, from)
  assert.equal(received.buffer, sent.buffer)
  assert.deepEqual(received, buildFrame(frameTypes.recvPacket, from, data))
  assert.equal(typeOf(received), frameTypes.recvPacket)
})

test('in a WebSocket a frame is the same without its length', () => {
  fc.assert(fc.property(frame, (built) => assert.deepEqual(legacyForm.read(legacyForm.write(built)), built)))
  for (const bad of ['', '03', '0c00', '10']) assert.equal(legacyForm.read(Buffer.from(bad, 'hex')), null)
})
