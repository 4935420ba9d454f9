// Authentication on the engine: challenges, nonces, user names, and the key that an allocation is bound to.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { addressIn, codeOf, udpTransport } from '../../../test/support/turn-client.ts'
import { EngineBench, publicPeer, ringOf } from '../../../test/support/turn-engine.ts'
import { turnPassword } from '../../contract/credential.ts'
import { signingKey } from '../../contract/keyring.ts'
import { attributes } from '../stun/attributes.ts'
import { buildMessage } from '../stun/build.ts'
import { integrityHolds } from '../stun/integrity.ts'
import type { Message } from '../stun/message.ts'
import { classes, methods } from '../stun/types.ts'

const lifetimeOf = (message: Message): number => message.attributes.get(attributes.lifetime)!.readUInt32BE()
const relayed = (message: Message) => addressIn(message, attributes.xorRelayedAddress)
const peer = publicPeer(1)
const empty = { allocations: 0, relays: 0, sockets: 0, quotas: 0, reservations: 0 }

test('Binding tells the address, short', () => {
  const client = new EngineBench().client({ port: 4321 })
  const request = buildMessage({
    method: methods.binding,
    class: classes.request,
    transactionId: randomBytes(12),
    attributes: [],
  })
  assert.equal(client.raw(request)!.length, 32)
  assert.deepEqual(addressIn(client.ask(methods.binding, []), attributes.xorMappedAddress), {
    family: 4,
    address: '198.51.100.1',
    port: 4321,
  })
})

test('an Allocate without credentials is challenged, within three times its size and without state', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const request = buildMessage({
    method: methods.allocate,
    class: classes.request,
    transactionId: randomBytes(12),
    attributes: [udpTransport],
  })
  assert.ok(client.raw(request)!.length <= 3 * request.length)
  const answer = client.ask(methods.allocate, [udpTransport])
  assert.equal(codeOf(answer), 401)
  assert.ok(answer.attributes.has(attributes.realm) && answer.attributes.has(attributes.nonce))
  assert.deepEqual(bench.leftovers(), empty)
})

test('a good Allocate is answered with everything, signed', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const answer = client.allocate()
  assert.equal(codeOf(answer), 0)
  assert.deepEqual(relayed(answer), { family: 4, address: '203.0.113.7', port: 50_000 })
  assert.equal(lifetimeOf(answer), 600)
  assert.equal(addressIn(answer, attributes.xorMappedAddress).port, client.at.port)
  assert.ok(integrityHolds(answer, client.key))
  assert.deepEqual(bench.registry.byKey(), { k1: 1 })
})

test('user names that are none are 401 with a fresh nonce', () => {
  const client = new EngineBench().client()
  client.follow(client.ask(methods.allocate, [udpTransport]))
  for (const username of [
    'constructor',
    '__proto__',
    '',
    'user',
    '-1',
    '1e99',
    '999999999',
    `1${'0'.repeat(40)}`,
    'x:2000000000',
  ]) {
    client.login = { username, password: 'undefined' }
    const answer = client.allocate()
    assert.equal(codeOf(answer), 401, username)
    assert.ok(answer.attributes.has(attributes.nonce))
  }
})

test('expiry:anything is a user name too', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const username = `${bench.unix + 100}:someone`
  client.login = { username, password: bench.login().password }
  assert.equal(codeOf(client.allocate()), 401)
  client.login = { username, password: turnPassword(signingKey(bench.keyring).secret, username) }
  assert.equal(codeOf(client.allocate()), 0)
})

test('an expired credential is 401 at Allocate', () => {
  const bench = new EngineBench()
  assert.equal(codeOf(bench.client({}, bench.login(0)).allocate()), 401)
  assert.equal(codeOf(bench.client({}, bench.login(1)).allocate()), 0)
})

test('MESSAGE-INTEGRITY without its companions is 400', () => {
  const client = new EngineBench().client()
  assert.equal(codeOf(client.ask(methods.allocate, [udpTransport], { key: Buffer.alloc(16) })), 400)
})

test('a nonce is worth nothing on another 5-tuple, after an hour, or changed', () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  const { nonce, realm } = client
  for (const other of [bench.client({ port: 4001 }), bench.client({ address: '198.51.100.2' })]) {
    Object.assign(other, { nonce, realm })
    assert.equal(codeOf(other.allocate()), 438)
  }
  client.nonce = `${nonce.slice(0, -1)}${nonce.endsWith('A') ? 'B' : 'A'}`
  assert.equal(codeOf(client.refresh(600)), 438)
  client.nonce = nonce
  assert.equal(codeOf(client.refresh(3600)), 0)
  bench.pass(3590)
  client.refresh(3600)
  bench.pass(11)
  const stale = client.refresh(600)
  assert.equal(codeOf(stale), 438)
  client.follow(stale)
  assert.equal(codeOf(client.refresh(600)), 0)
})

test('a running allocation outlives the removal of its key and the end of its credential', () => {
  const bench = new EngineBench()
  const client = bench.client({}, bench.login(60))
  client.allocate()
  bench.keyring = ringOf(2, 'k2', 'k1')
  assert.equal(codeOf(bench.client({ port: 2 }).allocate()), 0)
  bench.keyring = ringOf(3, 'k2')
  bench.pass(120)
  assert.equal(codeOf(client.refresh(600)), 0)
  assert.equal(client.permit(peer), 0)
  assert.equal(client.bind(0x4000, peer), 0)
  assert.deepEqual(bench.registry.byKey(), { k1: 1, k2: 1 })
  const newcomer = bench.client({ port: 3 }, client.login)
  assert.equal(codeOf(newcomer.allocate()), 401)
})

test('another user cannot touch an allocation: 441 when valid, 401 when not', () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  const own = client.login
  client.login = bench.login(5000)
  const answer = client.refresh(0)
  assert.equal(codeOf(answer), 441)
  assert.ok(integrityHolds(answer, client.key))
  assert.equal(client.permit(peer), 441)
  assert.equal(client.bind(0x4000, peer), 441)
  client.login = { username: own.username, password: 'wrong' }
  assert.equal(codeOf(client.refresh(0)), 401)
  client.login = own
  assert.equal(codeOf(client.refresh(600)), 0)
})
