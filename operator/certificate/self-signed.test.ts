import assert from 'node:assert/strict'
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connect, createServer } from 'node:tls'
import fc from 'fast-check'
import { integer, objectIdentifier, octetString, time } from './der.ts'
import { selfSignedCertificate } from './self-signed.ts'

const none = { crt: null, key: null }
const now = Date.UTC(2026, 5, 1)
const names = ['_chatmail.local', '192.168.1.10', 'fd00::2', '::1']

const made = (kept: { crt: string | null; key: string | null }, wanted: readonly string[], at = now) =>
  selfSignedCertificate(kept, wanted, at, randomBytes)

test('OpenSSL reads it: names, addresses, no CA, its own key, valid for years', () => {
  const { crt, key } = made(none, names)
  const certificate = new X509Certificate(crt)
  assert.equal(certificate.ca, false)
  assert.equal(
    certificate.subjectAltName,
    'DNS:_chatmail.local, IP Address:192.168.1.10, IP Address:FD00:0:0:0:0:0:0:2, IP Address:0:0:0:0:0:0:0:1',
  )
  assert.equal(certificate.checkHost('_chatmail.local'), '_chatmail.local')
  assert.equal(certificate.checkIP('192.168.1.10'), '192.168.1.10')
  assert.equal(certificate.checkIP('192.168.1.11'), undefined)
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key)))
  assert.ok(certificate.verify(certificate.publicKey))
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.ok(Date.parse(certificate.validFrom) < now && Date.parse(certificate.validTo) > now + 9 * 365 * 86_400_000)
})

test('a TLS client that trusts it accepts it for each of its names', async () => {
  const { crt, key } = made(none, ['_chatmail.local', 'localhost', '127.0.0.1'], Date.now())
  const server = createServer({ cert: crt, key }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const servername of ['_chatmail.local', 'localhost']) {
    const socket = connect({ port, host: '127.0.0.1', ca: crt, servername })
    await once(socket, 'secureConnect')
    assert.equal(socket.authorized, true)
    socket.destroy()
  }
  server.close()
})

test('it is kept while it fits; new names or its end give a new one with the same key', () => {
  const first = made(none, names)
  assert.deepEqual(made(first, names), first)
  for (const next of [
    made(first, [...names, 'more.example.org']),
    made(first, names.slice(1)),
    made(first, names, now + 3640 * 86_400_000),
  ]) {
    assert.notEqual(next.crt, first.crt)
    assert.equal(next.key, first.key)
  }
})

test('DER: known encodings', () => {
  assert.equal(objectIdentifier('1.2.840.10045.4.3.2').toString('hex'), '06082a8648ce3d040302')
  assert.equal(integer(Buffer.from('00ff', 'hex')).toString('hex'), '020200ff')
  assert.equal(integer(Buffer.alloc(4)).toString('hex'), '020100')
  assert.equal(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1'), '\x17\x0d491231235959Z')
  assert.equal(time(Date.UTC(2050, 0, 1)).toString('latin1'), '\x18\x0f20500101000000Z')
})

test('DER: lengths are minimal', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 70_000 }), (size) => {
      const encoded = octetString(Buffer.alloc(size))
      const header = encoded.subarray(1, encoded.length - size)
      const value = header.length === 1 ? header[0]! : Number.parseInt(header.subarray(1).toString('hex'), 16)
      assert.equal(value, size)
      assert.equal(header.length, size < 0x80 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 4)
    }),
  )
})
