// The test vectors of RFC 5769, read and written.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longTermKey } from '../../contract/credential.ts'
import { attributes } from './attributes.ts'
import { buildMessage } from './build.ts'
import { integrityHolds } from './integrity.ts'
import { type Message, parseMessage } from './message.ts'
import { classes, methods } from './types.ts'
import { readXorAddress } from './xor-address.ts'

const shortTermKey = Buffer.from('VOkJxbRl1RmTxUk/WvJxBt')

const request =
  '000100582112a442b7e7a701bc34d686fa87dfae' +
  '802200105354554e207465737420636c69656e74' +
  '002400046e0001ff' +
  '80290008932ff9b151263b36' +
  '000600096576746a3a68367659202020' +
  '000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2' +
  '80280004e57a3bcf'

const ipv4Response =
  '0101003c2112a442b7e7a701bc34d686fa87dfae' +
  '8022000b7465737420766563746f7220' +
  '002000080001a147e112a643' +
  '000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7' +
  '80280004c07d4c96'

const ipv6Response =
  '010100482112a442b7e7a701bc34d686fa87dfae' +
  '8022000b7465737420766563746f7220' +
  '002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9' +
  '00080014a382954e4be67bf11784c97c8292c275bfe3ed41' +
  '80280004c8fb0b4c'

const longTermRequest =
  '000100602112a44278ad3433c6ad72c029da412e' +
  '00060012e3839ee38388e383aae38383e382afe382b90000' +
  '0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473' +
  '41' +
  '0014000b6578616d706c652e6f726700' +
  '00080014f67024656dd64a3e02b8e0712e85c9a28ca89666'

const parse = (hex: string): Message => {
  const message = parseMessage(Buffer.from(hex, 'hex'))
  assert.ok(typeof message !== 'string', String(message))
  return message
}

test('2.1: the sample request has a good fingerprint and integrity', () => {
  const message = parse(request)
  assert.equal(message.method, methods.binding)
  assert.equal(message.class, classes.request)
  assert.equal(message.attributes.get(attributes.username)?.toString(), 'evtj:h6vY')
  assert.ok(message.fingerprint)
  assert.ok(integrityHolds(message, shortTermKey))
  assert.ok(!integrityHolds(message, Buffer.from('another')))
})

for (const [section, hex, address] of [
  ['2.2', ipv4Response, '192.0.2.1'],
  ['2.3', ipv6Response, '2001:db8:1234:5678:11:2233:4455:6677'],
] as const)
  test(`${section}: the sample response holds the mapped address`, () => {
    const message = parse(hex)
    assert.equal(message.class, classes.success)
    assert.ok(message.fingerprint)
    assert.ok(integrityHolds(message, shortTermKey))
    const mapped = readXorAddress(message.attributes.get(attributes.xorMappedAddress)!, message.transactionId)
    assert.deepEqual(mapped, { family: address.includes(':') ? 6 : 4, address, port: 32853 })
  })

test('2.4: long-term authentication, read and written to the same bytes', () => {
  const message = parse(longTermRequest)
  const username = message.attributes.get(attributes.username)!.toString()
  assert.equal(username, 'マトリックス')
  const key = longTermKey(username, 'example.org', 'TheMatrIX')
  assert.ok(integrityHolds(message, key))
  const types = [attributes.username, attributes.nonce, attributes.realm]
  const list = types.map((type) => ({ type, value: message.attributes.get(type)! }))
  const { method, transactionId } = message
  const written = buildMessage({ method, class: classes.request, transactionId, attributes: list, key })
  assert.equal(written.toString('hex'), longTermRequest)
})
