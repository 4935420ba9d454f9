/** Streams and time: compression, slow readers, pipelining, large mailboxes, keep-alives, time-outs, shutting down. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { eventually } from '../../support/eventually.ts'
import { address, message, password, startImap } from './fixture.ts'

test('COMPRESS: both directions, also for large answers', async () => {
  const server = await startImap()
  const large = message('large', 'abc\r\n'.repeat(100_000))
  await server.deliver(large)
  const client = await server.login()
  assert.equal(await client.status('COMPRESS DEFLATE'), 'OK DEFLATE active')
  client.compress()
  assert.doesNotMatch((await client.command('CAPABILITY'))[0]!, /COMPRESS/)
  await client.command('SELECT INBOX')
  const [body] = await client.command('UID FETCH 1 BODY.PEEK[]')
  assert.equal(body, `* 1 FETCH (UID 1 BODY[] {${large.length}}\r\n${large})`)
  assert.match(await client.status('COMPRESS DEFLATE'), /^NO \[COMPRESSIONACTIVE\]/)
  client.write('i IDLE\r\n')
  await client.response()
  await server.deliver(message('two'))
  assert.equal(await client.response(), '* 2 EXISTS')
})

test('a small input that inflates without end is cut off', async () => {
  const server = await startImap()
  const client = await server.login()
  await client.command('COMPRESS DEFLATE')
  client.write(deflateRawSync(Buffer.alloc(20_000_000, 'x')))
  await new Promise((resolve) => client.socket.once('close', resolve))
  await eventually(() => assert.equal(server.imap.counts().imapSessions, 0))
})

test('pipelined commands give the same answers as one after the other', async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'))
  const commands = [
    'ID NIL',
    'SELECT INBOX',
    'UID FETCH 1:* (UID FLAGS)',
    'UID STORE 1 +FLAGS (\\Seen)',
    'UID FETCH 1:* (UID FLAGS)',
    'FOO',
    'SEARCH SEEN',
    'STATUS INBOX (MESSAGES)',
    'UID STORE 1 -FLAGS (\\Seen)',
    'CLOSE',
    'NOOP',
  ]
  const tagged = commands.map((text, index) => `p${index} ${text}\r\n`)
  const last = `p${commands.length - 1}`
  const slow = await server.login()
  const sequential: string[] = []
  for (const [index, line] of tagged.entries()) {
    slow.write(line)
    sequential.push(...(await slow.until(`p${index} `)))
  }
  const fast = await server.login()
  fast.write(tagged.join(''))
  const pipelined = await fast.until(`${last} `)
  const stable = (lines: string[]) => lines.filter((line) => !line.includes('HIGHESTMODSEQ'))
  assert.deepEqual(stable(pipelined), stable(sequential))
})

test('a thousand messages: every FETCH and STORE is complete', async () => {
  const server = await startImap()
  for (let batch = 0; batch < 10; batch++)
    await server.deliver(...Array.from({ length: 100 }, (_, index) => message(`m${batch * 100 + index}`)))
  const client = await server.login()
  assert.ok((await client.command('SELECT INBOX')).includes('* 1000 EXISTS'))
  const headers = await client.command('UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM)])')
  assert.equal(headers.length, 1001)
  for (const [index, line] of headers.slice(0, -1).entries())
    assert.ok(line.startsWith(`* ${index + 1} FETCH (UID ${index + 1} RFC822.SIZE `))
  assert.equal((await client.command('UID FETCH 1:* BODY.PEEK[]')).length, 1001)
  const stored = await client.command('UID STORE 1:* +FLAGS (\\Deleted)')
  assert.equal(stored.filter((line) => line.endsWith('FLAGS (\\Deleted))')).length, 1000)
  const expunged = await client.command('EXPUNGE')
  assert.equal(expunged.filter((line) => line.endsWith(' EXPUNGE')).length, 1000)
  assert.deepEqual(await client.command('UID FETCH 1:* FLAGS'), ['OK Fetch completed'])
})

test('a reader that does not read holds back the server, whose memory stays as it is', async () => {
  const server = await startImap()
  const body = 'x'.repeat(500_000)
  for (let batch = 0; batch < 2; batch++)
    await server.deliver(...Array.from({ length: 10 }, () => message('large', body)))
  const client = await server.login()
  await client.command('SELECT INBOX')
  const before = process.memoryUsage().rss
  client.socket.pause()
  for (let round = 0; round < 3; round++) client.write(`r${round} UID FETCH 1:* BODY.PEEK[]\r\n`)
  // 30 MB are asked for; a NOOP of another session shows that the server goes on meanwhile.
  const other = await server.login()
  for (let round = 0; round < 50; round++) await other.command('NOOP')
  assert.ok(process.memoryUsage().rss - before < 20_000_000)
  client.socket.resume()
  for (let round = 0; round < 3; round++) assert.equal((await client.until(`r${round} OK`)).length, 21)
})

test('IDLE is kept alive, and the count is repeated now and then', async () => {
  const server = await startImap({ timing: { tick: 10, keepAlive: 20, poke: 100, autologout: 50 } })
  const client = await server.login()
  await client.command('SELECT INBOX')
  client.write('i IDLE\r\n')
  await client.response()
  assert.equal(await client.response(), '* OK Still here')
  const until = await client.until('* 0 EXISTS')
  assert.ok(until.slice(0, -1).every((line) => line === '* OK Still here'))
})

test('time-outs: to log in, and without a word', async () => {
  const server = await startImap({ timing: { tick: 10, login: 60, autologout: 60 } })
  const stranger = await server.connect()
  const silent = await server.login()
  assert.match(await stranger.end(), /^\* BYE Login took too long/)
  assert.match(await silent.end(), /^\* BYE Autologout/)
})

test('a client that takes nothing for too long is dropped', async () => {
  const server = await startImap({ timing: { tick: 20, stalled: 100 } })
  await server.deliver(...Array.from({ length: 20 }, () => message('large', 'x'.repeat(500_000))))
  const client = await server.login()
  await client.command('SELECT INBOX')
  client.socket.pause()
  client.write('f UID FETCH 1:* BODY.PEEK[]\r\n')
  await eventually(() => assert.equal(server.imap.counts().imapSessions, 0))
})

test('stopping says BYE to everybody', async () => {
  const server = await startImap()
  const idling = await server.login()
  await idling.command('SELECT INBOX')
  idling.write('i IDLE\r\n')
  await idling.response()
  const stranger = await server.connect()
  await server.imap.stop()
  assert.match(await idling.end(), /^\* BYE Server is shutting down/)
  assert.match(await stranger.end(), /^\* BYE Server is shutting down/)
})

test('connections that vanish leave nothing behind', async () => {
  const server = await startImap()
  for (let round = 0; round < 10; round++) {
    const client = await server.login()
    client.write('s SELECT INBOX\r\nf UID FETCH 1:* BODY[]\r\ni IDLE\r\n')
    client.close()
  }
  await eventually(() => assert.equal(server.imap.counts().imapSessions, 0))
  const client = await server.connect()
  assert.match(await client.status(`LOGIN ${address} "${password}"`), /^OK /)
  assert.deepEqual(server.logged, [])
})

test('metrics name commands and outcomes, never a person', async () => {
  const server = await startImap()
  const client = await server.login()
  await client.command('SELECT INBOX')
  await client.command(`X${address}`)
  const text = await server.metrics.metrics()
  assert.match(text, /chatmail_imap_commands_total\{command="SELECT",status="OK"\} 1/)
  assert.match(text, /chatmail_imap_logins_total\{outcome="ok"\} 1/)
  assert.match(text, /chatmail_imap_bad_input_total\{kind="command"\} 1/)
  assert.doesNotMatch(text, /alice|127\.0\.0\.1/)
})
