/** What a session hears of others: IDLE, EXPUNGE, flags, mod-sequences; and what COPY, MOVE, APPEND, EXPUNGE answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../support/eventually.ts'
import { message, startImap } from './fixture.ts'

test('an idling session hears at once of new, changed and removed messages', async () => {
  const server = await startImap()
  await server.deliver(message('one'))
  const idling = await server.login()
  const other = await server.login()
  await idling.command('SELECT INBOX')
  await other.command('SELECT INBOX')
  idling.write('i IDLE\r\n')
  assert.equal(await idling.response(), '+ idling')
  await other.command('STORE 1 +FLAGS (\\Flagged)')
  assert.equal(await idling.response(), '* 1 FETCH (UID 1 FLAGS (\\Flagged))')
  await server.deliver(message('two'))
  assert.equal(await idling.response(), '* 2 EXISTS')
  await other.command('STORE 1 +FLAGS.SILENT (\\Deleted)')
  assert.equal(await idling.response(), '* 1 FETCH (UID 1 FLAGS (\\Flagged \\Deleted))')
  assert.deepEqual(await other.command('EXPUNGE'), ['* 1 EXPUNGE', 'OK Expunge completed'])
  assert.equal(await idling.response(), '* 1 EXPUNGE')
  idling.write('DONE\r\n')
  assert.deepEqual(await idling.reply('i'), ['OK Idle completed'])
  assert.deepEqual(await idling.command('FETCH 1:* UID'), ['* 1 FETCH (UID 2)', 'OK Fetch completed'])
})

test('mail that came before IDLE is told when it begins', async () => {
  const server = await startImap()
  const client = await server.login()
  await client.command('SELECT INBOX')
  await server.deliver(message('one'))
  client.write('i IDLE\r\n')
  assert.deepEqual([await client.response(), await client.response()], ['+ idling', '* 1 EXISTS'])
  client.write('nonsense\r\n')
  assert.deepEqual(await client.reply('i'), ['BAD DONE was expected'])
})

test("flags that another session changes never come among the answers to a FETCH, where they'd hide the message", async () => {
  const server = await startImap()
  await server.deliver(message('one'))
  const client = await server.login()
  const other = await server.login()
  await client.command('SELECT INBOX')
  await other.command('SELECT INBOX')
  await other.command('UID STORE 1 +FLAGS (\\Seen)')
  for (const fetch of ['UID FETCH 1 (FLAGS BODY.PEEK[])', 'FETCH 1 (FLAGS BODY.PEEK[])']) {
    const answers = (await client.command(fetch)).filter((line) => line.startsWith('* 1 FETCH'))
    assert.equal(answers.length, 1)
    assert.match(answers[0]!, /BODY\[\]/)
  }
  assert.deepEqual(await client.command('NOOP'), ['* 1 FETCH (UID 1 FLAGS (\\Seen))', 'OK NOOP completed'])
})

test('sequence numbers hold while a client may be using them', async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'), message('three'))
  const client = await server.login()
  const other = await server.login()
  await client.command('SELECT INBOX')
  await other.command('SELECT INBOX')
  await other.command('UID STORE 1 +FLAGS.SILENT (\\Deleted)')
  await other.command('CLOSE')
  assert.deepEqual(await client.command('FETCH 3 UID'), ['* 3 FETCH (UID 3)', 'OK Fetch completed'])
  assert.deepEqual(await client.command('NOOP'), ['* 1 EXPUNGE', 'OK NOOP completed'])
  assert.deepEqual(await client.command('FETCH 2 UID'), ['* 2 FETCH (UID 3)', 'OK Fetch completed'])
})

test('EXPUNGE of some, CLOSE without a word, UNSELECT without harm', async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'), message('three'))
  const client = await server.login()
  await client.command('SELECT INBOX')
  await client.command('STORE 1:3 +FLAGS.SILENT (\\Deleted)')
  assert.deepEqual(await client.command('UID EXPUNGE 2'), ['* 2 EXPUNGE', 'OK Expunge completed'])
  assert.equal(await client.status('UNSELECT'), 'OK Unselect completed')
  assert.match((await client.command('SELECT INBOX')).join('\n'), /\* 2 EXISTS/)
  await client.command('EXAMINE INBOX')
  assert.match(await client.status('EXPUNGE'), /^NO /)
  assert.match(await client.status('STORE 1 FLAGS ()'), /^NO /)
  assert.equal(await client.status('CLOSE'), 'OK Close completed')
  assert.match((await client.command('SELECT INBOX')).join('\n'), /\* 2 EXISTS/)
  assert.deepEqual(await client.command('CLOSE'), ['OK Close completed'])
  assert.match((await client.command('SELECT INBOX')).join('\n'), /\* 0 EXISTS/)
})

test('COPY, MOVE and APPEND say where messages came to lie', async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'), message('three'))
  const client = await server.login()
  await client.command('CREATE Other')
  await client.command('SELECT INBOX')
  assert.match(await client.status('COPY 1,3 Other'), /^OK \[COPYUID \d+ 1,3 1:2\] Copy completed$/)
  const moved = await client.command('UID MOVE 2 Other')
  assert.match(moved[0]!, /^\* OK \[COPYUID \d+ 2 3\] /)
  assert.deepEqual(moved.slice(1), ['* 2 EXPUNGE', 'OK Move completed'])
  assert.match(await client.status('COPY 1 None'), /^NO \[TRYCREATE\]/)
  assert.match(await client.status('UID COPY 99 Other'), /^OK /)
  const text = message('appended')
  client.write(`a APPEND Other (\\Seen $x) " 1-Jan-2020 00:00:00 +0100" {${text.length}}\r\n`)
  assert.equal(await client.response(), '+ OK')
  client.write(`${text}\r\n`)
  assert.match((await client.reply('a')).at(-1)!, /^OK \[APPENDUID \d+ 4\] /)
  await client.command('SELECT Other')
  assert.equal(
    (await client.command('FETCH 4 (FLAGS INTERNALDATE)'))[0],
    '* 4 FETCH (FLAGS (\\Seen $x) INTERNALDATE "31-Dec-2019 23:00:00 +0000")',
  )
})

test('APPEND to the selected mailbox is seen at once; what is not admitted is refused', async () => {
  const server = await startImap({ quota: 5000 })
  const client = await server.login()
  await client.command('SELECT INBOX')
  const append = (text: string) => client.command(`APPEND INBOX {${text.length}+}\r\n${text}`)
  const responses = await append(message('one'))
  assert.ok(responses.includes('* 1 EXISTS'))
  assert.equal((await append('refuse me')).at(-1), 'NO [CANNOT] Encryption Needed')
  assert.match((await append('a\0b')).at(-1)!, /^NO \[CANNOT\]/)
  assert.match((await append('')).at(-1)!, /^NO \[CANNOT\]/)
  assert.match((await append('x'.repeat(6000))).at(-1)!, /^NO \[OVERQUOTA\]/)
  assert.match((await append('x'.repeat(1_000_001))).at(-1)!, /^NO \[TOOBIG\]/)
})

test('CONDSTORE: what changed since, and what must not have changed', async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'))
  const client = await server.login()
  const other = await server.login()
  const selected = (await client.command('SELECT INBOX (CONDSTORE)')).join('\n')
  const before = Number(/HIGHESTMODSEQ (\d+)/.exec(selected)![1])
  await other.command('SELECT INBOX')
  await other.command('STORE 2 +FLAGS (\\Seen)')
  assert.match((await client.command('NOOP'))[0]!, /^\* 2 FETCH \(UID 2 FLAGS \(\\Seen\) MODSEQ \(\d+\)\)$/)
  const changed = await client.command(`UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${before})`)
  assert.equal(changed.length, 2)
  assert.match(changed[0]!, /^\* 2 FETCH \(UID 2 MODSEQ \(\d+\) FLAGS \(\\Seen\)\)$/)
  const stored = await client.command(`STORE 1:2 (UNCHANGEDSINCE ${before}) +FLAGS.SILENT (\\Flagged)`)
  assert.match(stored[0]!, /^\* 1 FETCH \(UID 1 MODSEQ \(\d+\)\)$/)
  assert.match(stored[1]!, /^OK \[MODIFIED 2\] /)
  const modseq = Number(/MODSEQ \((\d+)\)/.exec(stored[0]!)![1])
  assert.deepEqual(await client.command(`SEARCH MODSEQ ${modseq}`), [
    `* SEARCH 1 (MODSEQ ${modseq})`,
    'OK Search completed',
  ])
  assert.deepEqual(await client.command('ENABLE CONDSTORE X-OTHER'), ['* ENABLED CONDSTORE', 'OK Enabled'])
})

test('STORE answers for every message, also where nothing changed', async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'))
  const client = await server.login()
  await client.command('SELECT INBOX')
  await client.command('STORE 1 FLAGS (\\Seen)')
  const lines = ['* 1 FETCH (UID 1 FLAGS (\\Seen))', '* 2 FETCH (UID 2 FLAGS (\\Seen))']
  const responses = await client.command('UID STORE 1:2 +FLAGS \\seen')
  assert.deepEqual(responses.toSorted(), [...lines, 'OK Store completed'].toSorted())
  assert.deepEqual(await client.command('UID STORE 1:2 -FLAGS.SILENT \\Seen'), ['OK Store completed'])
})

test('a session whose mailbox is removed ends', async () => {
  const server = await startImap()
  const client = await server.login()
  const other = await server.login()
  await other.command('CREATE Gone')
  await client.command('SELECT Gone')
  client.write('i IDLE\r\n')
  await client.response()
  await other.command('DELETE Gone')
  assert.match(await client.end(), /^\* BYE /)
  await eventually(() => assert.deepEqual(server.imap.counts(), { imapSessions: 1, imapIdling: 0 }))
})
