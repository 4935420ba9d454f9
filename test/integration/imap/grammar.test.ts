/** What is answered to commands that break grammar, state or limits, and that the session goes on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from '../../../workloads/mail/imap/commands/index.ts'
import { message, startImap } from './fixture.ts'

test('every command of the table is refused in states where it may not be given', async () => {
  const server = await startImap()
  const stranger = await server.connect()
  const client = await server.login()
  let tried = 0
  for (const { name, states } of commands.values())
    if (!states.includes('unauthenticated')) {
      // Ten bad commands in a row end a stranger's connection.
      assert.equal(await stranger.status(name), 'BAD Log in first', name)
      assert.match(await stranger.status('NOOP'), /^OK /)
      if (!states.includes('authenticated')) assert.equal(await client.status(name), 'BAD Select a mailbox first', name)
      tried++
    }
  assert.ok(tried > 30)
})

const broken = [
  'SELECT',
  'SELECT "INBOX" (QRESYNC)',
  'SELECT INBOX extra',
  'STATUS INBOX',
  'STATUS INBOX ()',
  'STATUS INBOX (FOO)',
  'LIST',
  'LIST "" "*" RETURN (FOO)',
  'LIST (FOO) "" "*"',
  'APPEND INBOX "no literal"',
  'APPEND INBOX (\\Recent) {1+}\r\nx',
  'APPEND INBOX "99-Foo-2026 00:00:00 +0000" {1+}\r\nx',
  'GETMETADATA ""',
  'GETMETADATA "" (/other)',
  'GETMETADATA "" (/shared/*)',
  'SETMETADATA INBOX (/private/devicetoken)',
  'ENABLE',
  'ID',
  'ID ("a")',
  'GETQUOTA',
  'FETCH 1',
  'FETCH 0 FLAGS',
  'FETCH a FLAGS',
  'FETCH 1 (FLAGS',
  'FETCH 1 X-UNKNOWN',
  'FETCH 1 (FLAGS) (VANISHED)',
  'FETCH 5 FLAGS',
  'UID FETCH 1:* BODY[HEADER.FIELDS]',
  'UID',
  'UID NOOP',
  'STORE 1 FLAGS',
  'STORE 1 *FLAGS (\\Seen)',
  'STORE 1 +FLAGS (\\Recent)',
  'STORE 1 +FLAGS (\\Seen',
  'SEARCH',
  'SEARCH FOO',
  'SEARCH OR SEEN',
  `LIST "" ${'*a'.repeat(30)}`,
  `LIST ${'a'.repeat(900)} ${'b'.repeat(200)}`,
  `SEARCH ${'('.repeat(40)}ALL${')'.repeat(40)}`,
  `SEARCH ${Array.from({ length: 600 }, () => 'SEEN').join(' ')}`,
  'COPY 1',
  'UID EXPUNGE',
  'COMPRESS',
  'FOO',
  'NOOP extra',
  'LOGIN a b',
  'CREATE "unclosed',
]

test('broken commands get BAD with their tag, and nothing of what was sent', async () => {
  const server = await startImap()
  await server.deliver(message('one'))
  const client = await server.login()
  await client.command('SELECT INBOX')
  for (const text of broken) {
    const responses = await client.command(text)
    assert.equal(responses.length, 1, text)
    assert.match(responses[0]!, /^BAD [\x20-\x7e]+$/, text)
    assert.match(await client.status('NOOP'), /^OK /, text)
  }
  assert.deepEqual(server.logged, [])
})

test('lines without a tag or a command', async () => {
  const server = await startImap()
  const client = await server.connect()
  for (const line of ['', ' ', '*', '+ NOOP', 'tagonly', `${'t'.repeat(65)} NOOP`, '\x00\xff\x80', 'a(b NOOP']) {
    client.write(`${line}\r\nok NOOP\r\n`)
    const responses = await client.reply('ok')
    assert.match(responses[0]!, /^\* BAD /, JSON.stringify(line))
    assert.match(responses.at(-1)!, /^OK /)
  }
})

test('bare line feeds end lines too', async () => {
  const server = await startImap()
  const client = await server.connect()
  client.write('a NOOP\nb CAPABILITY\n')
  assert.deepEqual(await client.reply('a'), ['OK NOOP completed'])
  assert.match((await client.reply('b')).at(-1)!, /^OK /)
})

test('limits: long lines and strangers with large literals', async () => {
  const server = await startImap()
  const long = await server.connect()
  long.write('x'.repeat(9000))
  assert.match(await long.end(), /^\* BYE Line too long/)
  const large = await server.connect()
  assert.match(await large.status('LOGIN {5000}'), /^NO \[TOOBIG\]/)
  large.write(`b APPEND INBOX {5000+}\r\n${'x'.repeat(5000)}\r\n`)
  assert.match((await large.reply('b')).at(-1)!, /^NO \[TOOBIG\]/)
  assert.match(await large.status('NOOP'), /^OK /)
  large.write('c LOGIN {4294967295+}\r\n')
  assert.match(await large.end(), /^\* BYE /)
})

test('ten bad commands in a row end the connection of somebody who is not logged in', async () => {
  const server = await startImap()
  const client = await server.connect()
  client.write('x FOO\r\n'.repeat(12))
  const said = await client.end()
  assert.equal(said.match(/x BAD/g)?.length, 10)
  assert.match(said, /\* BYE Too many bad commands/)
})

test('a store that fails is a temporary failure, logged without content', async () => {
  const server = await startImap()
  const client = await server.login()
  server.store.mailboxes.find = async () => {
    throw new Error('secret-mailbox of alice@chat.example.org')
  }
  assert.equal(await client.status('SELECT secret-mailbox'), 'NO [UNAVAILABLE] Temporary failure, try again later')
  assert.match(await client.status('NOOP'), /^OK /)
  assert.equal(server.logged.length, 1)
  assert.match(server.logged[0]!, /"command":"SELECT".*"msg":"IMAP command failed"/)
  assert.doesNotMatch(server.logged[0]!, /secret-mailbox|alice/)
})
