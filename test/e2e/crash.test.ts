/** The mail process is killed in the middle of sending: what it acknowledged is there afterwards, once. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { SmtpClient } from '../bench/mail/clients/smtp.ts'
import { testDomain, testMailConfig } from '../support/mail-config.ts'
import { MailProcess } from '../support/mail-process.ts'
import { encryptedMessage } from '../support/messages.ts'

const password = 'crash-password-0123'
const senders = 8
const perSender = 25
const sink = `sink@${testDomain}`

const imap = async (mail: MailProcess, address: string): Promise<ImapFlow> => {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: mail.ports.imaps,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: address, pass: password },
    logger: false,
  })
  await client.connect()
  return client
}

/** Message-ID → how often it lies in the inbox. */
const inbox = async (mail: MailProcess): Promise<Map<string, number>> => {
  const client = await imap(mail, sink)
  const found = new Map<string, number>()
  const lock = await client.getMailboxLock('INBOX')
  for await (const { envelope } of client.fetch('1:*', { envelope: true }))
    found.set(envelope!.messageId!, (found.get(envelope!.messageId!) ?? 0) + 1)
  lock.release()
  await client.logout()
  return found
}

describe('kill -9 of the mail process', () => {
  let mail: MailProcess
  before(async () => {
    const limits = { ...testMailConfig().limits, sendPerMinute: 100_000, sendBurst: 100_000 }
    mail = await MailProcess.start({ config: { limits } })
    await (await imap(mail, sink)).logout()
  })
  after(() => mail.stop())

  test('of 200 messages on their way, every acknowledged one is there afterwards, once', async () => {
    const acknowledged = new Set<string>()
    const send = async (sender: number): Promise<void> => {
      const from = `sender-${sender}@${testDomain}`
      const client = await SmtpClient.open(mail.ports.submissions, from, password)
      for (let n = 0; n < perSender; n++) {
        const id = `${sender}-${n}`
        await client.send(from, sink, encryptedMessage({ from, to: sink, size: 3000, id }))
        acknowledged.add(id)
        if (acknowledged.size === (senders * perSender) / 2) void mail.kill('SIGKILL')
      }
    }
    const outcomes = await Promise.allSettled(Array.from({ length: senders }, (_, sender) => send(sender)))
    assert.ok(
      outcomes.some(({ status }) => status === 'rejected'),
      'the kill came in the middle',
    )

    await mail.launch()
    const found = await inbox(mail)
    const ids = new Map([...found].map(([messageId, times]) => [messageId.replace(/^<|@.*$/g, ''), times]))
    assert.ok(acknowledged.size >= (senders * perSender) / 2)
    for (const id of acknowledged) assert.equal(ids.get(id), 1, `message ${id} was acknowledged`)
    for (const [id, times] of ids) assert.equal(times, 1, `message ${id} is there once`)
  })
})
