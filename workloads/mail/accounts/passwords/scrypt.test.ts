import assert from 'node:assert/strict'
import { randomBytes, scryptSync } from 'node:crypto'
import { test } from 'node:test'
import { hashPassword, unmatchedVerifier, verifyPassword } from './scrypt.ts'

const cost = { ln: 4, r: 8, p: 1 }

test('a password matches its own verifier alone', async () => {
  const verifier = await hashPassword('correct horse $', cost, randomBytes)
  assert.equal(await verifyPassword('correct horse $', verifier), true)
  assert.equal(await verifyPassword('correct horse', verifier), false)
  assert.equal(await verifyPassword('', verifier), false)
})

test('the verifier is scrypt in PHC form with a salt of its own', async () => {
  const salt = Buffer.alloc(16, 7)
  const verifier = await hashPassword('secret-secret', { ln: 5, r: 4, p: 2 }, () => salt)
  const hash = scryptSync('secret-secret', salt, 32, { N: 32, r: 4, p: 2 })
  const plain = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  assert.equal(verifier, `$scrypt$ln=5,r=4,p=2$${plain(salt)}$${plain(hash)}`)
  assert.notEqual(
    await hashPassword('secret-secret', cost, randomBytes),
    await hashPassword('secret-secret', cost, randomBytes),
  )
})

test('a verifier keeps working after the cost was changed', async () => {
  const verifier = await hashPassword('secret-secret', { ln: 6, r: 2, p: 1 }, randomBytes)
  assert.equal(await verifyPassword('secret-secret', verifier), true)
})

test('no password matches the stand-in for an unknown account', async () => {
  assert.equal(await verifyPassword('secret-secret', unmatchedVerifier(cost, randomBytes)), false)
})

test('what is no verifier is an error, not a login', async () => {
  for (const text of ['', '$scrypt$', 'plain', '$2b$10$abc'])
    await assert.rejects(verifyPassword('x', text), /not in scrypt PHC form/)
})
