import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { serverOf } from '../../test/support/operator/a-server.ts'
import { type GatheredParts, gatheredOf, secretOf } from '../../test/support/operator/gathered.ts'
import { selfSignedCertificate } from '../certificate/self-signed.ts'
import type { KubeObject } from '../kube/objects.ts'
import { certificateNames, takeCertificate } from './certificate.ts'

const now = 1_795_548_186_000
const year = 365 * 86_400_000
const made = (...names: string[]) => selfSignedCertificate({ crt: null, key: null }, names, now, randomBytes)
const pairs = { chat: await made('chat.example.org'), other: await made('other.example.org') }
const secret = (crt: string, key?: string): KubeObject =>
  secretOf('mine', { 'tls.crt': crt, ...(key === undefined ? {} : { 'tls.key': key }) })
const take = (spec: object, parts: GatheredParts = {}) =>
  takeCertificate(gatheredOf({ server: serverOf(spec), now, ...parts }), randomBytes)
const own = { tls: { secretName: 'mine' } }
const issued = { tls: { issuerRef: { name: 'le' } } }

test('a Secret of a person: usable, for the names, and not ended', async () => {
  const { crt, key } = pairs.chat
  const good = await take(own, { keptCertificate: secret(crt, key) })
  assert.deepEqual([good.verdict.status, good.verdict.reason], ['True', 'Issued'])
  assert.deepEqual(
    [good.certificate.secretName, good.certificate.pem, good.certificate.selfSigned],
    ['mine', null, true],
  )
  const unusable = [
    null,
    secret(crt),
    secret('', key),
    secret('rubbish', key),
    secret(crt, 'rubbish'),
    secret(crt, pairs.other.key),
  ]
  for (const keptCertificate of unusable) {
    const { verdict } = await take(own, { keptCertificate })
    assert.equal(verdict.reason, 'SecretMissing')
    assert.match(verdict.message, /kubectl -n mail create secret tls mine --cert=FILE --key=FILE/)
  }
  const wrong = await take(own, { keptCertificate: secret(pairs.other.crt, pairs.other.key) })
  assert.equal(wrong.verdict.reason, 'WrongName')
  assert.match(wrong.verdict.message, /mine is not for chat\.example\.org/)
  const ended = await take(own, { keptCertificate: secret(crt, key), now: now + 11 * year })
  assert.equal(ended.verdict.reason, 'Expired')
  for (const { verdict, certificate } of [good, wrong, ended])
    assert.ok(!JSON.stringify([verdict, certificate]).includes('PRIVATE KEY'))
})

test('the names are those that clients connect to', () => {
  assert.deepEqual(certificateNames(serverOf({ exposure: { host: 'mx.example.org' } })), [
    'chat.example.org',
    'mx.example.org',
  ])
  assert.deepEqual(certificateNames(serverOf({ domain: '[203.0.113.7]' })), ['203.0.113.7'])
})

test('cert-manager is asked with the issuer, and waited for', async () => {
  const waiting = await take(issued, { certManager: true })
  assert.equal(waiting.verdict.reason, 'Pending')
  assert.deepEqual(waiting.certificate.issuer, { name: 'le', kind: 'ClusterIssuer' })
  const certificate: KubeObject = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'chat-tls' },
    status: { conditions: [{ type: 'Ready', status: 'False', message: 'the issuer is not ready' }] },
  }
  assert.match(
    (await take(issued, { certManager: true, live: [certificate] })).verdict.message,
    /the issuer is not ready/,
  )
  const keptCertificate = secretOf('chat-tls', { 'tls.crt': pairs.chat.crt, 'tls.key': pairs.chat.key })
  assert.equal((await take(issued, { certManager: true, keptCertificate })).verdict.reason, 'Issued')
})

test('without either it is self-signed, kept as long as it serves, and its key over renewals', async () => {
  const first = await take({})
  assert.deepEqual([first.verdict.status, first.verdict.reason], ['True', 'SelfSigned'])
  assert.match(first.verdict.message, /spec\.tls\.issuerRef.*spec\.tls\.secretName/)
  const { crt, key } = first.certificate.pem!
  const live = [secretOf('chat-tls', { 'tls.crt': crt, 'tls.key': key })]
  assert.deepEqual((await take({}, { live })).certificate.pem, { crt, key })
  const renewed = (await take({}, { live, now: now + 11 * year })).certificate.pem!
  assert.notEqual(renewed.crt, crt)
  assert.equal(renewed.key, key)
  assert.doesNotMatch((await take({ domain: '_chat.example.org' })).verdict.message, /issuerRef/)
})
