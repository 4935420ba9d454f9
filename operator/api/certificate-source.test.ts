import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverOf } from '../../test/support/operator/a-server.ts'
import { certificateSource } from './certificate-source.ts'

const issuerRef = { name: 'le' }
const kindOf = (tls: object): string => certificateSource(serverOf({ tls }).spec).kind

test('what is named is taken; on its own the Secret comes before the issuer, and self-signed last', () => {
  assert.equal(kindOf({}), 'SelfSigned')
  assert.equal(kindOf({ secretName: 'mine' }), 'Secret')
  assert.equal(kindOf({ issuerRef }), 'CertManager')
  assert.equal(kindOf({ secretName: 'mine', issuerRef }), 'Secret')
  assert.equal(kindOf({ source: 'CertManager', secretName: 'mine', issuerRef }), 'CertManager')
  assert.equal(kindOf({ source: 'Secret', secretName: 'mine', issuerRef }), 'Secret')
  assert.equal(kindOf({ source: 'SelfSigned', secretName: 'mine', issuerRef }), 'SelfSigned')
})
