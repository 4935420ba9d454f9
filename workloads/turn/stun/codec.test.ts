// The STUN codec: what is written is read back, and no datagram makes it throw.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressBytes, addressText } from '../../kit/address/text.ts'
import { attributes, mustBeRefused } from './attributes.ts'
import { buildMessage, type NewMessage } from './build.ts'
import { buildChannelData, channelDataLength } from './channel-data.ts'
import { buildDataIndication } from './data-indication.ts'
import { integrityHolds } from './integrity.ts'
import { parseMessage } from './message.ts'
import { classes, type MessageClass, methods } from './types.ts'
import { readXorAddress, xorAddress } from './xor-address.ts'

const bytes = (options: fc.IntArrayConstraints) => fc.uint8Array(options).map((array) => Buffer.from(array))
const special = new Set<number>([attributes.messageIntegrity, attributes.fingerprint])
const attribute = fc.record({
  type: fc.integer({ min: 1, max: 0xffff }).filter((type) => !special.has(type)),
  value: bytes({ maxLength: 40 }),
})
const newMessage: fc.Arbitrary<NewMessage> = fc.record({
  method: fc.integer({ min: 0, max: 0xfff }),
  class: fc.constantFrom(...Object.values(classes)) as fc.Arbitrary<MessageClass>,
  transactionId: bytes({ minLength: 12, maxLength: 12 }),
  attributes: fc.uniqueArray(attribute, { selector: ({ type }) => type, maxLength: 8 }),
  key: fc.option(bytes({ minLength: 16, maxLength: 16 }), { nil: undefined }),
  fingerprint: fc.boolean(),
})
const address = fc
  .oneof(bytes({ minLength: 4, maxLength: 4 }), bytes({ minLength: 16, maxLength: 16 }))
  .map((raw) => addressText(raw))

test('a message that was written is read back whole', () => {
  fc.assert(
    fc.property(newMessage, (message) => {
      const read = parseMessage(buildMessage(message))
      assert.ok(typeof read !== 'string')
      assert.equal(read.method, message.method)
      assert.equal(read.class, message.class)
      assert.equal(read.fingerprint, message.fingerprint)
      for (const { type, value } of message.attributes) assert.deepEqual(read.attributes.get(type), value)
      assert.equal(
        message.key !== undefined && integrityHolds(read, Buffer.from(message.key)),
        message.key !== undefined,
      )
    }),
  )
})

test('a changed bit under MESSAGE-INTEGRITY is noticed or the message is no longer one', () => {
  const key = Buffer.alloc(16, 1)
  const original = buildMessage({
    method: methods.refresh,
    class: classes.request,
    transactionId: Buffer.alloc(12, 5),
    attributes: [{ type: attributes.username, value: Buffer.from('1758650868') }],
    key,
  })
  fc.assert(
    fc.property(fc.nat(original.length * 8 - 1), (bit) => {
      const changed = Buffer.from(original)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const read = parseMessage(changed)
      assert.ok(typeof read === 'string' || !integrityHolds(read, key))
    }),
  )
})

test('random and mutated datagrams are refused or read, never thrown at', () => {
  const mutated = fc
    .tuple(newMessage, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat(60))
    .map(([message, changes, cut]) => {
      const raw = buildMessage(message)
      for (const [at, value] of changes) raw[at % raw.length] = value
      return raw.subarray(0, Math.max(0, raw.length - (cut > 40 ? cut - 40 : 0)))
    })
  fc.assert(
    fc.property(fc.oneof(mutated, bytes({ maxLength: 120 })), (raw) => {
      const message = parseMessage(raw)
      if (typeof message === 'string') return
      for (const value of message.attributes.values()) readXorAddress(value, message.transactionId)
      integrityHolds(message, Buffer.alloc(16))
    }),
    { numRuns: 1000 },
  )
})

test('addresses survive the XOR in both families', () => {
  fc.assert(
    fc.property(address, fc.nat(65535), bytes({ minLength: 12, maxLength: 12 }), (text, port, id) => {
      const read = readXorAddress(xorAddress({ address: text, port }, id), id)
      assert.deepEqual(read, { family: text.includes(':') ? 6 : 4, address: text, port })
    }),
  )
})

test('an address with a length that is not its family is malformed', () => {
  const id = Buffer.alloc(12)
  for (const hex of ['', '00', '0001a147', '00010000010203', '0001000001020304050607080900', '0003000001020304'])
    assert.equal(readXorAddress(Buffer.from(hex, 'hex'), id), null)
})

test('the Data indication is what the general builder writes', () => {
  fc.assert(
    fc.property(
      address,
      fc.nat(65535),
      bytes({ maxLength: 50 }),
      bytes({ minLength: 12, maxLength: 12 }),
      (text, port, data, id) => {
        const general = buildMessage({
          method: methods.data,
          class: classes.indication,
          transactionId: id,
          attributes: [
            { type: attributes.xorPeerAddress, value: xorAddress({ address: text, port }, id) },
            { type: attributes.data, value: data },
          ],
        })
        assert.deepEqual(buildDataIndication(id, addressBytes(text), port, data), general)
      },
    ),
  )
})

test('ChannelData is padded on streams only, and one that is cut is refused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0x4000, max: 0x4fff }),
      bytes({ maxLength: 50 }),
      fc.boolean(),
      (channel, data, pad) => {
        const written = buildChannelData(channel, data, pad)
        assert.equal(written.readUInt16BE(0), channel)
        assert.equal(channelDataLength(written), data.length)
        assert.equal(written.length, pad ? 4 + Math.ceil(data.length / 4) * 4 : 4 + data.length)
        if (data.length > 0) assert.equal(channelDataLength(written.subarray(0, 3 + data.length)), -1)
      },
    ),
  )
  for (const short of ['', '40', '400000']) assert.equal(channelDataLength(Buffer.from(short, 'hex')), -1)
})

const header = (length: number) =>
  Buffer.concat([Buffer.from([0, 1, 0, length]), Buffer.from('2112a442', 'hex'), Buffer.alloc(12)])

test('lengths and the cookie are strict', () => {
  assert.equal(parseMessage(Buffer.alloc(0)), 'truncated')
  assert.equal(parseMessage(header(4)), 'length')
  assert.equal(parseMessage(Buffer.concat([header(3), Buffer.alloc(3)])), 'length')
  assert.equal(parseMessage(Buffer.concat([header(0), Buffer.alloc(4)])), 'length')
  assert.equal(parseMessage(Buffer.alloc(20)), 'cookie')
  assert.equal(parseMessage(Buffer.concat([header(4), Buffer.from('00060001', 'hex')])), 'attribute')
})

test('FINGERPRINT must be right and last; after MESSAGE-INTEGRITY nothing else counts', () => {
  const base = { method: methods.binding, class: classes.request, transactionId: Buffer.alloc(12) }
  const good = buildMessage({ ...base, attributes: [], fingerprint: true })
  const early = Buffer.concat([good, Buffer.from('0006000431323334', 'hex')])
  early.writeUInt16BE(16, 2)
  assert.equal(parseMessage(early), 'fingerprint')
  const wrong = Buffer.from(good)
  wrong[27]! ^= 1
  assert.equal(parseMessage(wrong), 'fingerprint')
  const signed = buildMessage({ ...base, attributes: [], key: Buffer.alloc(16) })
  const appended = Buffer.concat([signed, Buffer.from('0006000431323334', 'hex')])
  appended.writeUInt16BE(appended.length - 20, 2)
  const read = parseMessage(appended)
  assert.ok(typeof read !== 'string')
  assert.ok(!read.attributes.has(attributes.username))
  assert.ok(integrityHolds(read, Buffer.alloc(16)))
})

test('comprehension-optional attributes are never refused, unknown required ones are', () => {
  assert.ok(!mustBeRefused(0x8022))
  assert.ok(!mustBeRefused(attributes.requestedTransport))
  assert.ok(mustBeRefused(0x7fff))
  assert.ok(mustBeRefused(attributes.errorCode))
})
