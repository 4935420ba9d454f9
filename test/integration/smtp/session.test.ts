/** Sessions: greeting, TLS, logins and what is refused before a message comes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { selfSignedCertificate } from '../../support/certificate.ts'
import { encryptedMessage } from '../../support/messages.ts'
import { alice, bob, type Client, domain, password, plainToken, startSubmission } from './harness.ts'

let submission: Awaited<ReturnType<typeof startSubmission>>
before(async () => {
  submission = await startSubmission()
})
after(() => submission.close())

const greeted = async (how: 'secure' | 'clear' = 'secure'): Promise<Client> => {
  const client = await submission.client(how)
  assert.equal(await client.reply(), `220 ${domain} ESMTP`)
  return client
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')

test('over TLS: extensions, and a greeting that tells neither version nor address', async () => {
  const client = await greeted()
  assert.deepEqual((await client.command('EHLO [127.0.0.1]'))?.split('\n'), [
    `250-${domain}`,
    '250-PIPELINING',
    '250-8BITMIME',
    '250-SMTPUTF8',
    '250-ENHANCEDSTATUSCODES',
    '250-AUTH PLAIN LOGIN',
    '250 SIZE 31457280',
  ])
})

test('AUTH PLAIN with and without initial response, AUTH LOGIN with and without', async () => {
  const token = plainToken(alice)
  const exchanges = [
    [`AUTH PLAIN ${token}`],
    ['AUTH PLAIN', token],
    ['AUTH LOGIN', base64(alice), base64(password)],
    [`AUTH LOGIN ${base64(alice)}`, base64(password)],
  ]
  for (const lines of exchanges) {
    const client = await greeted()
    await client.command('EHLO x')
    for (const line of lines.slice(0, -1)) assert.match((await client.command(line))!, /^334\b/)
    assert.equal(await client.command(lines.at(-1)!), '235 2.7.0 Authentication successful')
  }
})

test('AUTH LOGIN asks in the words that Delta Chat knows', async () => {
  const client = await greeted()
  await client.command('EHLO x')
  assert.equal(await client.command('AUTH LOGIN'), `334 ${base64('Username:')}`)
  assert.equal(await client.command(base64(alice)), `334 ${base64('Password:')}`)
})

test('each failure of a login has its reply', async () => {
  const replies = {
    [plainToken(alice, 'wrong')]: /^535 5\.7\.8 /,
    [plainToken(`closed@${domain}`)]: /^535 5\.7\.8 Authentication failed; .* no new accounts/,
    [plainToken(`busy@${domain}`)]: /^454 4\.7\.0 /,
    [base64(`${bob}\0${alice}\0${password}`)]: /^535 5\.7\.8 /,
    'not base64': /^501 /,
    [base64('no zero bytes')]: /^501 /,
  }
  for (const [token, reply] of Object.entries(replies)) {
    const client = await greeted()
    await client.command('EHLO x')
    assert.match((await client.command(`AUTH PLAIN ${token}`))!, reply)
  }
})

test('a connection that guesses passwords is closed', async () => {
  const client = await greeted()
  await client.command('EHLO x')
  for (let attempt = 0; attempt < 3; attempt++)
    assert.match((await client.command(`AUTH PLAIN ${plainToken(alice, `wrong${attempt}`)}`))!, /^535 /)
  assert.match((await client.reply())!, /^421 4\.7\.0 /)
  assert.equal(await client.reply(), null)
})

test('without a login nothing is taken', async () => {
  const client = await greeted()
  await client.command('EHLO x')
  for (const line of [`MAIL FROM:<${alice}>`, `RCPT TO:<${bob}>`, 'DATA'])
    assert.equal(await client.command(line), '530 5.7.0 Authentication required')
})

test('in clear: STARTTLS is offered and AUTH is not, nor taken', async () => {
  const client = await greeted('clear')
  const features = (await client.command('EHLO x'))!
  assert.match(features, /^250[ -]STARTTLS$/m)
  assert.doesNotMatch(features, /AUTH/)
  for (const line of [`AUTH PLAIN ${plainToken(alice)}`, 'AUTH LOGIN', `MAIL FROM:<${alice}>`])
    assert.equal(await client.command(line), '530 5.7.0 Must issue a STARTTLS command first')
})

test('STARTTLS: login and mail afterwards', async () => {
  const client = await greeted('clear')
  await client.command('EHLO x')
  assert.equal(await client.command('STARTTLS'), '220 2.0.0 Ready to start TLS')
  await client.startTls()
  const features = (await client.command('EHLO x'))!
  assert.match(features, /AUTH PLAIN LOGIN/)
  assert.doesNotMatch(features, /STARTTLS/)
  assert.match((await client.command(`AUTH PLAIN ${plainToken(alice)}`))!, /^235 /)
  assert.match((await client.send(alice, [bob], encryptedMessage({ from: alice })))!, /^250 /)
})

test('STARTTLS: commands that came in clear behind it are dropped', async () => {
  const client = await greeted('clear')
  await client.command('EHLO x')
  const injected = 'EHLO injected\r\nNOOP\r\n'.repeat(300)
  client.write(`STARTTLS\r\n${injected}`)
  assert.match((await client.reply())!, /^220 /)
  await client.startTls()
  // An answer to an injected line would stand before this one; and without an EHLO of its own, AUTH is out of order.
  assert.match((await client.command(`AUTH PLAIN ${plainToken(alice)}`))!, /^503 5\.5\.1 /)
})

test('any or no ALPN is fine', async () => {
  for (const alpn of ['smtp', undefined]) {
    const client = await submission.client('secure', alpn)
    assert.match((await client.reply())!, /^220 /)
  }
})

test('jokes and forwarding commands of the library are off, VRFY tells nothing', async () => {
  const client = await submission.loggedIn()
  for (const line of ['WIZ x', 'SHELL', 'KILL', 'XCLIENT ADDR=192.0.2.1', 'XFORWARD NAME=x', 'BDAT 1 LAST'])
    assert.match((await client.command(line))!, /^500 5\.5\.2 /)
  assert.equal((await client.command(`VRFY ${bob}`))!.slice(0, 4), '252 ')
  assert.match((await client.command('QUIT'))!, /^221 2\.0\.0 /)
})

test('a renewed certificate is used for the next STARTTLS, and sessions go on', async () => {
  const session = await submission.loggedIn()
  const fingerprint = async (): Promise<string> => {
    const client = await greeted('clear')
    await client.command('EHLO x')
    await client.command('STARTTLS')
    await client.startTls()
    return (client.socket as TLSSocket).getPeerCertificate().fingerprint256
  }
  const before = await fingerprint()
  submission.server.updateCertificate(await selfSignedCertificate([domain]))
  assert.notEqual(await fingerprint(), before)
  assert.match((await session.command('NOOP'))!, /^250 /)
})

test('more connections than allowed are told to come back', async (t) => {
  const small = await startSubmission({ maxConnections: 1 })
  t.after(small.close)
  const first = await small.loggedIn()
  const second = await small.client()
  assert.match((await second.reply())!, /^421 4\.3\.2 /)
  assert.equal(await second.reply(), null)
  first.write('QUIT\r\n')
  await once(first.socket, 'close')
  await small.loggedIn()
})

test('stop: idle sessions are told, a message on its way is taken, and nothing after it', async (t) => {
  const own = await startSubmission()
  t.after(own.close)
  const idle = await own.loggedIn()
  const busy = await own.loggedIn()
  for (const line of [`MAIL FROM:<${alice}>`, `RCPT TO:<${bob}>`, 'DATA']) await busy.command(line)
  const message = encryptedMessage({ from: alice }).toString()
  busy.write(message.slice(0, 100))
  const noop = await idle.command('NOOP')
  const stopped = own.server.stop()
  assert.match(noop!, /^250 /)
  assert.match((await idle.reply())!, /^421 4\.3\.2 /)
  assert.match((await busy.content(message.slice(100)))!, /^250 /)
  assert.match((await busy.reply())!, /^421 4\.3\.2 /)
  for (const client of [idle, busy]) client.destroy()
  await stopped
  assert.equal((await own.inbox(bob)).length, 1)
  assert.match((await (await own.client()).reply())!, /^421 4\.3\.2 /)
})
