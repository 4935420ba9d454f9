/** Sessions that mean no good: nothing crashes, memory stays bounded, and the next client is served. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { judge } from '../../../workloads/mail/policy/judge.ts'
import { encryptedMessage } from '../../support/messages.ts'
import { alice, bob, carol, plainToken, startSubmission } from './harness.ts'

type Submission = Awaited<ReturnType<typeof startSubmission>>
let submission: Submission
before(async () => {
  submission = await startSubmission()
})
after(() => submission.close())

const message = (from = alice, size = 1500): Buffer => encryptedMessage({ from, size })

const servesAsBefore = async ({ loggedIn, server }: Submission): Promise<void> => {
  const client = await loggedIn(bob)
  assert.match((await client.send(bob, [carol], message(bob)))!, /^250 /)
  client.write('QUIT\r\n')
  await once(client.socket, 'close')
  while (server.counts().smtpSessions !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(server.counts().smtpBuffered, 0)
}

const session = Buffer.from(
  [
    'EHLO [127.0.0.1]',
    `AUTH PLAIN ${plainToken(alice)}`,
    `MAIL FROM:<${alice}> BODY=8BITMIME SMTPUTF8`,
    `RCPT TO:<${bob}>`,
    'DATA',
    `${message()}.`,
    'RSET',
    'QUIT',
    '',
  ].join('\r\n'),
)

/** Sends the bytes in one piece or many and waits until the server has closed or has nothing more to say. */
const play = async (bytes: Buffer, pieces: number): Promise<void> => {
  const client = await submission.client('trusted')
  await client.reply()
  const size = Math.ceil(bytes.length / pieces) || 1
  for (let at = 0; at < bytes.length; at += size) client.write(bytes.subarray(at, at + size))
  client.socket.end()
  client.socket.resume()
  if (!client.closed) await once(client.socket, 'close')
}

test('a real session, whichever way it is mutated, is answered or closed, and no unencrypted message comes through', async () => {
  const edit = fc.record({
    at: fc.nat(session.length),
    drop: fc.oneof(fc.constant(0), fc.nat(60)),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom('\r\n', '\n', '\0', '.\r\n', 'DATA\r\n', ' ', '<', '>').map((text) => Buffer.from(text)),
    ),
  })
  const mutation = fc.tuple(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 5 }))
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 8, maxLength: 8 }), async (sessions) => {
      const plays = sessions.map(([edits, pieces]) => {
        let bytes = session
        for (const { at, drop, insert } of edits)
          bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + drop)])
        return play(bytes, pieces)
      })
      await Promise.all(plays)
    }),
    { numRuns: 40 },
  )
  for (const content of await submission.inbox(bob)) assert.ok(judge(content, alice).pass)
  await servesAsBefore(submission)
})

test('bytes that are no session at all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), (bytes) => play(Buffer.from(bytes), 3)),
    { numRuns: 60 },
  )
  await servesAsBefore(submission)
})

test('a line without an end is cut off, before and after a login', async () => {
  for (const client of [await submission.client(), await submission.loggedIn()]) {
    client.write(Buffer.alloc(40_000, 'a'))
    let reply = await client.reply()
    while (reply?.startsWith('220')) reply = await client.reply()
    assert.match(reply!, /^421 /)
    assert.equal(await client.reply(), null)
  }
  await servesAsBefore(submission)
})

test('one that does not log in gets few commands, one that talks nonsense few mistakes', async () => {
  for (const [line, how] of [
    ['NOOP\r\n', 'unknown'],
    ['NONSENSE\r\n', 'loggedIn'],
  ]) {
    const client = how === 'loggedIn' ? await submission.loggedIn() : await submission.client()
    client.write(line!.repeat(100))
    let last = await client.reply()
    for (let next = last; next !== null; next = await client.reply()) last = next
    assert.match(last!, /^421 /)
  }
})

test('a web page that posts to the port is sent away', async () => {
  const client = await submission.client()
  client.write('POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\n')
  assert.match((await client.reply())!, /^220 /)
  assert.match((await client.reply())!, /^421 /)
  assert.equal(await client.reply(), null)
})

test('clients that take too long are told so: without a login, without a command, with half a message', async (t) => {
  let time = 0
  const slow = await startSubmission({ now: () => time, sweepMs: 10 })
  t.after(slow.close)
  const silent = await slow.client()
  await silent.reply()
  const idle = await slow.loggedIn()
  const trickling = await slow.loggedIn()
  for (const line of [`MAIL FROM:<${alice}>`, `RCPT TO:<${bob}>`, 'DATA']) await trickling.command(line)
  trickling.write('From: half a')
  time = 60_001
  assert.match((await silent.reply())!, /^421 4\.4\.2 /)
  assert.match((await idle.command('NOOP'))!, /^250 /)
  time = 121_000
  assert.match((await trickling.reply())!, /^421 4\.4\.2 /)
  time = 300_001
  assert.match((await idle.reply())!, /^421 4\.4\.2 /)
  for (const client of [silent, idle, trickling]) assert.equal(await client.reply(), null)
})

test('a thousand recipients and a thousand lines of dots are only work', async () => {
  const client = await submission.loggedIn()
  client.write(`MAIL FROM:<${alice}>\r\n${`RCPT TO:<${bob}>\r\n`.repeat(1000)}DATA\r\n`)
  for (let index = 0; index < 1001; index++) assert.match((await client.reply())!, /^250 /)
  assert.match((await client.reply())!, /^354 /)
  assert.match((await client.content(`From: <${alice}>\r\n\r\n${'.\r\n'.repeat(1000)}`))!, /^523 /)
  client.destroy()
  await servesAsBefore(submission)
})

test('a TLS client that goes away in the middle of its handshake, or speaks clear text, is forgotten', async () => {
  const clear = await submission.client('clear')
  await clear.reply()
  await clear.command('EHLO x')
  await clear.command('STARTTLS')
  clear.write('this is no TLS record at all\r\n')
  if (!clear.closed) await once(clear.socket, 'close')
  const gone = await submission.client('clear')
  await gone.reply()
  await gone.command('EHLO x')
  await gone.command('STARTTLS')
  gone.destroy()
  await servesAsBefore(submission)
})
