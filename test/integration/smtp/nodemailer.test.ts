/** The client that everybody has: nodemailer, over implicit TLS and STARTTLS. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTransport } from 'nodemailer'
import { encryptedMessage, plainMessage } from '../../support/messages.ts'
import { alice, bob, carol, password, startSubmission } from './harness.ts'

let submission: Awaited<ReturnType<typeof startSubmission>>
before(async () => {
  submission = await startSubmission()
})
after(() => submission.close())

type Failure = Error & { code: string; responseCode: number; response: string }

const transport = (how: 'secure' | 'clear', pass = password) =>
  createTransport({
    host: '127.0.0.1',
    port: submission.ports[how],
    secure: how === 'secure',
    requireTLS: true,
    auth: { user: alice, pass },
    tls: { rejectUnauthorized: false },
  })

test('sends over implicit TLS and over STARTTLS', async () => {
  for (const how of ['secure', 'clear'] as const) {
    const raw = encryptedMessage({ from: alice })
    const sent = await transport(how).sendMail({ envelope: { from: alice, to: [bob, carol] }, raw })
    assert.deepEqual(sent.accepted, [bob, carol])
    assert.equal(sent.response, '250 2.0.0 queued')
    assert.ok((await submission.inbox(bob)).at(-1)!.equals(raw))
  }
})

test('a message of many megabytes, and one that the announced limit keeps from being sent', async () => {
  const raw = encryptedMessage({ from: alice, size: 5_000_000 })
  await transport('secure').sendMail({ envelope: { from: alice, to: bob }, raw })
  assert.ok((await submission.inbox(bob)).at(-1)!.equals(raw))
  const large = transport('secure').sendMail({ envelope: { from: alice, to: bob, size: 40_000_000 }, raw })
  await assert.rejects(large, /larger than allowed 31457280/)
})

test('failures are told apart', async () => {
  const refused = transport('secure', 'wrong').verify()
  await assert.rejects(refused, ({ code, responseCode }: Failure) => code === 'EAUTH' && responseCode === 535)
  const plain = transport('secure').sendMail({ envelope: { from: alice, to: bob }, raw: plainMessage({ from: alice }) })
  await assert.rejects(plain, ({ response }: Failure) => /^523 5\.7\.1 .*Invalid Unencrypted Mail/.test(response))
})
