/** Reading messages: sections, partials, structure, flags. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, startImap } from './fixture.ts'

const multipart = [
  'From: Ann <ann@a.example>',
  'Subject: parts',
  'Content-Type: multipart/mixed; boundary=x',
  '',
  '--x',
  'Content-Type: text/plain',
  '',
  'one',
  '--x',
  'Content-Type: application/octet-stream',
  'Content-Disposition: attachment; filename="a.bin"',
  'Content-Transfer-Encoding: base64',
  '',
  'AAECAw==',
  '--x--',
  '',
].join('\r\n')

test('sections of a message and of its parts', async () => {
  const server = await startImap()
  await server.deliver(multipart)
  const client = await server.login()
  await client.command('EXAMINE INBOX')
  const fetch = async (item: string) => (await client.command(`FETCH 1 ${item}`))[0]!
  const header = multipart.slice(0, multipart.indexOf('\r\n\r\n') + 4)
  const text = multipart.slice(header.length)
  const literal = (bytes: string) => `{${bytes.length}}\r\n${bytes}`
  assert.equal(await fetch('BODY[]'), `* 1 FETCH (BODY[] ${literal(multipart)})`)
  assert.equal(await fetch('RFC822'), `* 1 FETCH (RFC822 ${literal(multipart)})`)
  assert.equal(await fetch('RFC822.HEADER'), `* 1 FETCH (RFC822.HEADER ${literal(header)})`)
  assert.equal(await fetch('BODY[HEADER]'), `* 1 FETCH (BODY[HEADER] ${literal(header)})`)
  assert.equal(await fetch('BODY[TEXT]'), `* 1 FETCH (BODY[TEXT] ${literal(text)})`)
  assert.equal(await fetch('BODY[1]'), `* 1 FETCH (BODY[1] ${literal('one')})`)
  assert.equal(
    await fetch('BODY[2.MIME]'),
    `* 1 FETCH (BODY[2.MIME] ${literal(text.slice(text.indexOf('Content-Type: app'), text.indexOf('AAEC')))})`,
  )
  assert.equal(await fetch('BODY[3]'), '* 1 FETCH (BODY[3] NIL)')
  assert.equal(await fetch('BODY[]<5.7>'), `* 1 FETCH (BODY[]<5> ${literal(multipart.slice(5, 12))})`)
  assert.equal(await fetch('BODY[]<99999.7>'), '* 1 FETCH (BODY[]<99999> {0}\r\n)')
  assert.equal(
    await fetch('(BODY.PEEK[HEADER.FIELDS.NOT (From Content-Type)])'),
    `* 1 FETCH (BODY[HEADER.FIELDS.NOT (From Content-Type)] ${literal('Subject: parts\r\n\r\n')})`,
  )
  assert.equal(
    await fetch('BODYSTRUCTURE'),
    '* 1 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3 0 NIL NIL NIL NIL)' +
      '("APPLICATION" "OCTET-STREAM" NIL NIL NIL "BASE64" 8 NIL ("ATTACHMENT" ("FILENAME" "a.bin")) NIL NIL)' +
      ' "MIXED" ("BOUNDARY" "x") NIL NIL NIL))',
  )
})

test('envelope, date and size', async () => {
  const server = await startImap()
  await server.deliver(message('=?utf-8?q?Gr=C3=BC=C3=9Fe?='))
  const client = await server.login()
  await client.command('SELECT INBOX')
  const [full] = await client.command('FETCH 1 ALL')
  assert.match(
    full!,
    /^\* 1 FETCH \(FLAGS \(\) INTERNALDATE "18-Nov-2026 11:06:40 \+0000" RFC822\.SIZE \d+ ENVELOPE \(/,
  )
  assert.ok(
    full!.includes(
      '"Wed, 18 Nov 2026 10:02:29 +0000" "=?utf-8?q?Gr=C3=BC=C3=9Fe?=" (("Bob, B." NIL "bob" "chat.example.org"))',
    ),
  )
})

test('8-bit octets go in literals alone, unchanged', async () => {
  const server = await startImap()
  const bytes = Buffer.concat([
    Buffer.from('Subject: Grüße "x"\r\n\r\n'),
    Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1)),
  ])
  await server.deliver(bytes)
  const client = await server.login()
  await client.command('SELECT INBOX')
  const [body] = await client.command('FETCH 1 BODY.PEEK[]')
  assert.equal(body, `* 1 FETCH (BODY[] {${bytes.length}}\r\n${bytes.toString('latin1')})`)
  const [envelope] = await client.command('FETCH 1 ENVELOPE')
  assert.match(envelope!, /ENVELOPE \(NIL \{11\}\r\n/)
})

test('reading without PEEK marks as seen, in a mailbox that is not read-only', async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'))
  const client = await server.login()
  await client.command('EXAMINE INBOX')
  assert.doesNotMatch((await client.command('FETCH 1 BODY[TEXT]'))[0]!, /Seen/)
  await client.command('SELECT INBOX')
  assert.match((await client.command('FETCH 1 BODY[TEXT]'))[0]!, /FLAGS \(\\Seen\)\)$/)
  assert.doesNotMatch((await client.command('FETCH 1 BODY[TEXT]'))[0]!, /FLAGS/)
  assert.deepEqual(await client.command('FETCH 1:2 FLAGS'), [
    '* 1 FETCH (FLAGS (\\Seen))',
    '* 2 FETCH (FLAGS ())',
    'OK Fetch completed',
  ])
})

test('numbers beyond the end: an error as sequence number, nothing as UID', async () => {
  const server = await startImap()
  const client = await server.login()
  await client.command('SELECT INBOX')
  assert.deepEqual(await client.command('FETCH 1:* FLAGS'), ['OK Fetch completed'])
  await server.deliver(message('one'))
  await client.command('NOOP')
  assert.match(await client.status('FETCH 2 FLAGS'), /^BAD /)
  assert.deepEqual(await client.command('UID FETCH 2:501 FLAGS'), ['OK Fetch completed'])
  assert.deepEqual(await client.command('UID FETCH 9:* FLAGS'), ['* 1 FETCH (UID 1 FLAGS ())', 'OK Fetch completed'])
})

test('SEARCH', async () => {
  const server = await startImap()
  await server.deliver(
    message('=?utf-8?q?Gr=C3=BC=C3=9Fe?='),
    message('second', 'needle in here\r\n'),
    [
      'From: x@y',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('die Nähnadel').toString('base64'),
      '',
    ].join('\r\n'),
  )
  const client = await server.login()
  await client.command('SELECT INBOX')
  await client.command('STORE 2 +FLAGS (\\Seen $Label)')
  const expected: Record<string, string> = {
    ALL: ' 1 2 3',
    SEEN: ' 2',
    'UNSEEN NOT 3': ' 1',
    'OR SEEN UID 3': ' 2 3',
    'KEYWORD $label': ' 2',
    'UNKEYWORD $Label': ' 1 3',
    'SUBJECT SECOND': ' 2',
    'FROM bob': ' 1 2',
    'HEADER Chat-Version ""': ' 1 2',
    'BODY needle': ' 2',
    'TEXT second': ' 2',
    '(1:2 UNSEEN)': ' 1',
    'SENTON 18-Nov-2026': ' 1 2',
    'SENTBEFORE 18-Nov-2026': '',
    'SINCE 18-Nov-2026': ' 1 2 3',
    'BEFORE 18-Nov-2026': '',
    'ON 18-Nov-2026': ' 1 2 3',
    'LARGER 100000': '',
    'SMALLER 100000': ' 1 2 3',
    'UID 2:*': ' 2 3',
    NEW: '',
  }
  for (const [key, numbers] of Object.entries(expected))
    assert.deepEqual(await client.command(`SEARCH ${key}`), [`* SEARCH${numbers}`, 'OK Search completed'], key)
  const utf8 = (text: string) => Buffer.from(text).toString('latin1')
  assert.equal((await client.command(`UID SEARCH CHARSET UTF-8 SUBJECT "${utf8('grüße')}"`))[0], '* SEARCH 1')
  assert.equal((await client.command(`SEARCH BODY {5+}\r\n${utf8('NÄHN')}`))[0], '* SEARCH 3')
  assert.match(await client.status('SEARCH CHARSET KOI8-R ALL'), /^NO \[BADCHARSET \(US-ASCII UTF-8\)\]/)
})
