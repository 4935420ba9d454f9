/** Messages: who gets them, and the reply to each that is refused. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { encryptedMessage, plainMessage, secureJoinRequest } from '../../support/messages.ts'
import { alice, bob, carol, domain, startSubmission } from './harness.ts'

let submission: Awaited<ReturnType<typeof startSubmission>>
before(async () => {
  submission = await startSubmission()
})
after(() => submission.close())

const message = (from = alice, size = 3000): Buffer => encryptedMessage({ from, size })

test('a message is in the mailbox of each recipient, byte for byte, when it is acknowledged', async () => {
  const client = await submission.loggedIn()
  const sent = message()
  assert.equal(await client.send(alice, [bob, carol, alice, bob, bob.toUpperCase()], sent), '250 2.0.0 queued')
  for (const address of [alice, bob, carol]) {
    const got = await submission.inbox(address)
    assert.equal(got.length, 1, `${address} gets it once`)
    assert.ok(got[0]!.equals(sent))
  }
})

test('one connection carries message after message, as Delta Chat writes them', async () => {
  const client = await submission.loggedIn()
  for (let index = 0; index < 3; index++) {
    assert.match((await client.command(`MAIL FROM:<${alice}> BODY=8BITMIME SMTPUTF8`))!, /^250 2\.1\.0 /)
    assert.match((await client.command(`RCPT TO:<${carol}>`))!, /^250 2\.1\.5 /)
    assert.match((await client.command('DATA'))!, /^354 /)
    assert.match((await client.content(message()))!, /^250 /)
  }
})

test('pipelined: all commands at once, replies in order', async () => {
  const client = await submission.loggedIn()
  const sent = message()
  client.write(
    `MAIL FROM:<${alice}>\r\nRCPT TO:<${bob}>\r\nRCPT TO:<nobody@${domain}>\r\nRCPT TO:<${carol}>\r\nDATA\r\n`,
  )
  const codes: (string | undefined)[] = []
  for (let index = 0; index < 5; index++) codes.push((await client.reply())?.slice(0, 9))
  assert.deepEqual(codes, ['250 2.1.0', '250 2.1.5', '550 5.1.1', '250 2.1.5', '354 End d'])
  client.write(Buffer.concat([sent, Buffer.from(`.\r\nMAIL FROM:<${alice}>\r\nNOOP\r\n`)]))
  for (const reply of [/^250 2\.0\.0 queued/, /^250 2\.1\.0 /, /^250 2\.0\.0 /])
    assert.match((await client.reply())!, reply)
})

test('a SecureJoin request passes', async () => {
  const client = await submission.loggedIn()
  assert.match((await client.send(alice, [bob], secureJoinRequest({ from: alice, to: bob })))!, /^250 /)
})

test('each message that is refused has its reply, and the session goes on', async () => {
  const client = await submission.loggedIn()
  const before = (await submission.inbox(bob)).length
  const nul = message().toString('latin1').replace('Version: 1', 'Version:\0 1')
  assert.equal(
    await client.send(alice, [bob], plainMessage({ from: alice })),
    '523 5.7.1 Encryption Needed: Invalid Unencrypted Mail',
  )
  assert.match((await client.send(alice, [bob], message(bob)))!, /^554 5\.7\.1 /)
  assert.match((await client.send(alice, [bob], nul))!, /^554 5\.6\.0 /)
  assert.match((await client.send(alice, [bob], 'no header at all\r\n\r\n'))!, /^554 5\.6\.0 /)
  assert.equal((await submission.inbox(bob)).length, before)
  assert.match((await client.send(alice, [bob], message()))!, /^250 /)
})

test('senders and recipients that are not allowed', async () => {
  const client = await submission.loggedIn()
  for (const sender of [bob, '', `alice@${domain}.example`, `x${alice}`])
    assert.match((await client.command(`MAIL FROM:<${sender}>`))!, /^553 5\.7\.1 /)
  assert.match((await client.command(`MAIL FROM:<${alice.toUpperCase()}>`))!, /^250 /)
  assert.match((await client.command(`RCPT TO:<nobody@${domain}>`))!, /^550 5\.1\.1 /)
  assert.match((await client.command('RCPT TO:<someone@other.example>'))!, /^550 5\.1\.2 .*other servers/)
  assert.match((await client.command('RCPT TO:<postmaster>'))!, /^550 5\.1\.1 /)
  assert.match((await client.command('RCPT TO:<>'))!, /^501 /)
  assert.match((await client.command('DATA'))!, /^503 /)
  assert.match((await client.command(`RCPT TO:<bob+tag@${domain}>`))!, /^250 /)
})

test('a recipient of one transaction is none of the next', async () => {
  const client = await submission.loggedIn()
  const before = (await submission.inbox(bob)).length
  await client.command(`MAIL FROM:<${alice}>`)
  await client.command(`RCPT TO:<${bob}>`)
  await client.command('RSET')
  assert.match((await client.send(alice, [carol], message()))!, /^250 /)
  assert.equal((await submission.inbox(bob)).length, before)
})

test('fields that tell of network or device are taken out, all else stays', async () => {
  const client = await submission.loggedIn()
  const sent = message()
  const revealing =
    'Received: from [192.0.2.7]\r\n\tby x; folded\r\nX-Originating-IP: 192.0.2.7\r\nUSER-AGENT: a\r\nX-Mailer: b\r\n'
  await client.send(alice, [bob], `${revealing}${sent.toString('latin1').replace('Subject:', `${revealing}Subject:`)}`)
  const got = (await submission.inbox(bob)).at(-1)!
  assert.equal(got.toString('latin1'), sent.toString('latin1'))
})

test('dots at the start of lines come through', async () => {
  const client = await submission.loggedIn()
  const sent = message().toString('latin1').replace('Subject:', 'X-Dots: a\r\n\t.\r\n ..b\r\nSubject:')
  const dotted = sent.replace('Message-ID', '.Dot: x\r\n..Dots: y\r\nMessage-ID')
  assert.match((await client.send(alice, [bob], dotted))!, /^250 /)
  assert.equal((await submission.inbox(bob)).at(-1)!.toString('latin1'), dotted)
})

test('30 MB come through, and a byte more than the limit does not', async () => {
  const client = await submission.loggedIn()
  const sent = message(alice, 31_000_000)
  assert.match((await client.send(alice, [bob], sent))!, /^250 /)
  assert.ok((await submission.inbox(bob)).at(-1)!.equals(sent))
  assert.match((await client.command(`MAIL FROM:<${alice}> SIZE=31457281`))!, /^552 5\.3\.4 /)
  assert.match((await client.send(alice, [bob], message(alice, 31_700_000)))!, /^552 5\.3\.4 /)
  assert.equal(submission.server.counts().smtpBuffered, 0)
  assert.match((await client.send(alice, [bob], message()))!, /^250 /)
})

test('one that sends without an end is cut off', async (t) => {
  const small = await startSubmission({ limits: { messageSize: 10_000 } })
  t.after(small.close)
  const client = await small.loggedIn()
  for (const line of [`MAIL FROM:<${alice}>`, `RCPT TO:<${bob}>`, 'DATA']) await client.command(line)
  client.write(Buffer.alloc(100_000, 'a\r\n'))
  assert.match((await client.reply())!, /^552 5\.3\.4 /)
  assert.equal(await client.reply(), null)
})

test('more recipients than allowed', async (t) => {
  const small = await startSubmission({ limits: { recipients: 2 } })
  t.after(small.close)
  const client = await small.loggedIn()
  await client.command(`MAIL FROM:<${alice}>`)
  assert.match((await client.command(`RCPT TO:<${bob}>`))!, /^250 /)
  assert.match((await client.command(`RCPT TO:<${carol}>`))!, /^250 /)
  assert.match((await client.command(`RCPT TO:<${alice}>`))!, /^452 4\.5\.3 /)
})

test('one that sends too fast is slowed at RCPT, others are not', async (t) => {
  const slow = await startSubmission({ limits: { sendPerMinute: 60, sendBurst: 2 } })
  t.after(slow.close)
  const client = await slow.loggedIn()
  for (let index = 0; index < 2; index++) assert.match((await client.send(alice, [bob, carol], message()))!, /^250 /)
  assert.match((await client.send(alice, [bob], message()))!, /^450 4\.7\.1 /)
  assert.match((await client.command(`RCPT TO:<${carol}>`))!, /^450 4\.7\.1 /)
  assert.match((await (await slow.loggedIn(bob)).send(bob, [alice], message(bob)))!, /^250 /)
})

test('a full mailbox defers the message for all, so that none gets it twice', async (t) => {
  const small = await startSubmission({ quota: 10_000 })
  t.after(small.close)
  const client = await small.loggedIn()
  for (let index = 0; index < 3; index++) assert.match((await client.send(alice, [bob], message()))!, /^250 /)
  assert.match((await client.send(alice, [bob], message()))!, /^452 4\.2\.2 /)
  assert.match((await client.send(alice, [carol, bob], message()))!, /^452 4\.2\.2 /)
  assert.equal((await small.inbox(carol)).length, 0)
})

test('a store that fails defers, and the session goes on', async (t) => {
  const broken = await startSubmission({
    store: (store) => ({
      ...store,
      accounts: store.accounts,
      mailboxes: store.mailboxes,
      usage: (id) => store.usage(id),
      messages: Object.assign(Object.create(store.messages), { deliver: () => Promise.reject(new Error('disk full')) }),
    }),
  })
  t.after(broken.close)
  const client = await broken.loggedIn()
  assert.match((await client.send(alice, [bob], message()))!, /^451 4\.3\.0 /)
  assert.match((await client.command('NOOP'))!, /^250 /)
})

test('large messages share a budget; small ones need none', async (t) => {
  const small = await startSubmission({ bufferBudget: 300_000 })
  t.after(small.close)
  const first = await small.loggedIn()
  const second = await small.loggedIn()
  for (const line of [`MAIL FROM:<${alice}>`, `RCPT TO:<${bob}>`, 'DATA']) await first.command(line)
  const large = message(alice, 300_000).toString('latin1')
  first.write(large.slice(0, -10))
  while (small.server.counts().smtpBuffered! < 200_000) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.match((await second.send(alice, [bob], message(alice, 200_000)))!, /^452 4\.3\.1 /)
  assert.match((await second.send(alice, [bob], message(alice, 20_000)))!, /^250 /)
  assert.match((await first.content(large.slice(-10)))!, /^250 /)
  assert.match((await second.send(alice, [bob], message(alice, 200_000)))!, /^250 /)
  assert.equal(small.server.counts().smtpBuffered, 0)
})

test('a client that goes away in the middle of a message leaves nothing behind', async (t) => {
  const own = await startSubmission()
  t.after(own.close)
  const client = await own.loggedIn()
  for (const line of [`MAIL FROM:<${alice}>`, `RCPT TO:<${bob}>`, 'DATA']) await client.command(line)
  client.write(message(alice, 300_000).subarray(0, 200_000))
  while (own.server.counts().smtpBuffered === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  client.destroy()
  while (own.server.counts().smtpSessions !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(own.server.counts().smtpBuffered, 0)
  assert.equal((await own.inbox(bob)).length, 0)
})
