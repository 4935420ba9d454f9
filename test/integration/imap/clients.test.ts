/** Clients that others wrote: imapflow, and Python's imaplib where Python is there. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ImapFlow } from 'imapflow'
import { address, type Fixture, message, password, startImap } from './fixture.ts'

const imapflow = (server: Fixture, secure: boolean): ImapFlow =>
  new ImapFlow({
    host: '127.0.0.1',
    port: secure ? server.tlsPort : server.plainPort,
    secure,
    auth: { user: address, pass: password },
    tls: { rejectUnauthorized: false },
    logger: false,
  })

for (const secure of [true, false])
  test(`imapflow over ${secure ? 'TLS' : 'STARTTLS'}, with COMPRESS`, async () => {
    const server = await startImap()
    await server.deliver(message('one'), message('two'))
    const client = imapflow(server, secure)
    await client.connect()
    try {
      assert.equal(client.capabilities.get('IDLE'), true)
      await client.mailboxCreate('Archiv/Älteres')
      const names = (await client.list()).map(({ path }) => path)
      assert.deepEqual(names.toSorted(), ['Archiv', 'Archiv/Älteres', 'INBOX'])
      const status = await client.status('INBOX', { messages: true, uidNext: true, unseen: true, highestModseq: true })
      assert.ok(status)
      assert.equal(status.messages, 2)
      await client.mailboxOpen('INBOX')
      const all = await client.fetchAll('1:*', {
        uid: true,
        flags: true,
        envelope: true,
        bodyStructure: true,
        size: true,
        internalDate: true,
        source: true,
        headers: ['subject'],
      })
      assert.deepEqual(
        all.map(({ envelope }) => envelope?.subject),
        ['one', 'two'],
      )
      assert.equal(all[0]?.source?.toString(), message('one'))
      assert.equal(all[0]?.envelope?.from?.[0]?.name, 'Bob, B.')
      await client.messageFlagsAdd('1', ['\\Seen'])
      assert.deepEqual(await client.search({ seen: true }), [1])
      const placed = await client.append('Archiv/Älteres', message('appended'), ['\\Seen'])
      assert.ok(placed)
      assert.equal(placed.uid, 1)
      const moved = await client.messageMove('2', 'Archiv/Älteres')
      assert.ok(moved)
      assert.deepEqual(moved.uidMap, new Map([[2, 2]]))
      await client.messageDelete('1')
      assert.ok(client.mailbox)
      assert.equal(client.mailbox.exists, 0)
      const quota = await client.getQuota('INBOX')
      assert.ok(quota)
      assert.ok((quota.storage?.limit ?? 0) > 0)
      const heard = new Promise<number>((resolve) => client.once('exists', ({ count }) => resolve(count)))
      const idling = client.idle()
      await server.deliver(message('three'))
      assert.equal(await heard, 1)
      await client.noop()
      await idling
    } finally {
      await client.logout()
    }
  })

const script = `
import imaplib, ssl, sys
context = ssl._create_unverified_context()
port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
m = imaplib.IMAP4_SSL('127.0.0.1', port, ssl_context=context)
m.login(user, password)
assert m.select('INBOX') == ('OK', [b'2'])
typ, found = m.search(None, 'SUBJECT', '"two"')
assert found == [b'2'], found
typ, data = m.fetch('2', '(UID BODY[HEADER.FIELDS (SUBJECT)])')
assert data[0][1] == b'Subject: two\\r\\n\\r\\n', data
assert m.create('Sub')[0] == 'OK'
assert m.append('Sub', '\\\\Seen', None, b'Subject: x\\r\\n\\r\\ny')[0] == 'OK'
assert m.copy('1', 'Sub')[0] == 'OK'
assert m.status('Sub', '(MESSAGES UNSEEN)')[1] == [b'"Sub" (MESSAGES 2 UNSEEN 1)']
assert m.store('1', '+FLAGS', '\\\\Deleted')[0] == 'OK'
assert m.expunge() == ('OK', [b'1'])
assert m.uid('FETCH', '2', '(FLAGS)')[1][0].startswith(b'1 (UID 2')
assert m.getquotaroot('INBOX')[0] == 'OK'
assert m.list()[0] == 'OK' and m.lsub()[0] == 'OK' and m.noop()[0] == 'OK' and m.close()[0] == 'OK'
m.logout()
m = imaplib.IMAP4_SSL('127.0.0.1', port, ssl_context=context)
m.authenticate('PLAIN', lambda _: ('\\0%s\\0%s' % (user, password)).encode())
m.logout()
print('done')
`

const python = (): boolean => {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test("Python's imaplib", { skip: python() || process.env.CI ? false : 'python3 is missing' }, async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'))
  const { stdout } = await promisify(execFile)('python3', ['-c', script, String(server.tlsPort), address, password])
  assert.equal(stdout.trim(), 'done')
})
