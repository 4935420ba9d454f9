/** Getting in: LOGIN, AUTHENTICATE, STARTTLS, and what a wrong password costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, password, startImap } from './fixture.ts'

const plain = (user: string, secret: string, authorize = ''): string =>
  Buffer.from(`${authorize}\0${user}\0${secret}`).toString('base64')

test('AUTHENTICATE PLAIN with and without an initial response', async () => {
  const server = await startImap()
  const first = await server.connect()
  assert.match(await first.status(`AUTHENTICATE PLAIN ${plain(address, password)}`), /^OK \[CAPABILITY IMAP4rev1 /)
  const second = await server.connect()
  second.write('a AUTHENTICATE PLAIN\r\n')
  assert.equal(await second.response(), '+ ')
  second.write(`${plain(address, password, address)}\r\n`)
  assert.match((await second.reply('a')).at(-1)!, /^OK \[CAPABILITY /)
})

test('AUTHENTICATE that is cancelled, broken or for somebody else', async () => {
  const server = await startImap()
  const client = await server.connect()
  client.write('a AUTHENTICATE PLAIN\r\n*\r\n')
  assert.deepEqual(await client.reply('a'), ['+ ', 'BAD Authentication was cancelled'])
  assert.match(await client.status('AUTHENTICATE PLAIN !!!!'), /^BAD /)
  assert.match(await client.status(`AUTHENTICATE PLAIN ${Buffer.from('nothing').toString('base64')}`), /^BAD /)
  assert.match(
    await client.status(`AUTHENTICATE PLAIN ${plain(address, password, 'other')}`),
    /^NO \[AUTHORIZATIONFAILED\]/,
  )
  assert.match(await client.status('AUTHENTICATE CRAM-MD5'), /^NO /)
  assert.match(await client.status(`LOGIN ${address} "${password}"`), /^OK /)
})

test('LOGIN takes atoms, quoted strings and literals of both kinds', async () => {
  const server = await startImap()
  const client = await server.connect()
  client.write(`a LOGIN {${address.length}}\r\n`)
  assert.equal(await client.response(), '+ OK')
  client.write(`${address} {${password.length}+}\r\n${password}\r\n`)
  assert.match((await client.reply('a')).at(-1)!, /^OK /)
  assert.match(await client.status(`LOGIN ${address} x`), /^BAD You are logged in already/)
})

test('a wrong password is refused in words that stock clients know, and costs time and then the connection', async () => {
  const server = await startImap()
  const client = await server.connect()
  assert.equal(await client.status(`LOGIN ${address} wrong`), 'NO [AUTHENTICATIONFAILED] Authentication failed.')
  assert.match(
    await client.status('LOGIN closed x'),
    /^NO \[AUTHENTICATIONFAILED\] Authentication failed; .* no new accounts/,
  )
  assert.match(await client.status(`LOGIN "${'x'.repeat(2000)}" x`), /^NO \[AUTHENTICATIONFAILED\]/)
  await client.status('LOGIN nobody x')
  client.write('z LOGIN nobody x\r\n')
  assert.match(await client.end(), /^\* BYE Too many failed logins\nz NO \[AUTHENTICATIONFAILED\]/)
})

test('without TLS there is no login, and STARTTLS forgets what came in clear', async () => {
  const server = await startImap()
  const client = await server.connect(false)
  assert.match(client.greeting, /STARTTLS LOGINDISABLED/)
  assert.doesNotMatch(client.greeting, /AUTH=PLAIN/)
  assert.match(await client.status(`LOGIN ${address} "${password}"`), /^NO \[PRIVACYREQUIRED\]/)
  assert.match(await client.status(`AUTHENTICATE PLAIN ${plain(address, password)}`), /^NO \[PRIVACYREQUIRED\]/)
  client.write('s STARTTLS\r\ninjected LOGOUT\r\n')
  assert.match((await client.reply('s')).at(-1)!, /^OK /)
  await client.secure()
  const [capability, reply] = await client.command('CAPABILITY')
  assert.match(capability!, /AUTH=PLAIN/)
  assert.doesNotMatch(capability!, /STARTTLS|LOGINDISABLED/)
  assert.match(reply!, /^OK /)
  assert.match(await client.status('STARTTLS'), /^BAD /)
  assert.match(await client.status(`LOGIN ${address} "${password}"`), /^OK /)
})

test('an account has a bounded number of sessions at a time', async () => {
  const server = await startImap({ limits: { messageSize: 1000, sessionsPerAccount: 2 } })
  const first = await server.login()
  const second = await server.login()
  const third = await server.connect()
  assert.match(await third.status(`LOGIN ${address} "${password}"`), /^NO \[LIMIT\]/)
  second.write('z LOGOUT\r\n')
  assert.match(await second.end(), /^\* BYE .*\nz OK /)
  assert.match(await third.status(`LOGIN ${address} "${password}"`), /^OK /)
  assert.match(await first.status('NOOP'), /^OK /)
})
