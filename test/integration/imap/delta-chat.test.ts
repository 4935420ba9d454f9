/** What stock Delta Chat says, word for word, and what it needs to hear. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encryptedMessage } from '../../support/messages.ts'
import { address, password, startImap } from './fixture.ts'

const fields =
  'MESSAGE-ID DATE X-MICROSOFT-ORIGINAL-MESSAGE-ID FROM CONTENT-TYPE SECURE-JOIN CHAT-VERSION CHAT-IS-POST-MESSAGE AUTOCRYPT-SETUP-MESSAGE'
const prefetch = `UID FETCH 1:500 (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (${fields})])`
const metadataEntries =
  '/shared/comment /shared/admin /shared/vendor/deltachat/irohrelay /shared/vendor/deltachat/turn /shared/vendor/deltachat/maxsmtprecipients /shared/vendor/deltachat/appversions'

test('a whole session: log in, look for mail, wait, fetch, delete', async () => {
  const server = await startImap()
  const client = await server.connect()
  const say = async (tag: string, text: string) => {
    client.write(`${tag} ${text}\r\n`)
    return client.reply(tag)
  }
  assert.match(client.greeting, /^\* OK \[CAPABILITY IMAP4rev1 [^\]]*AUTH=PLAIN[^\]]*\] /)

  const [login] = await say('A0001', `LOGIN "${address}" "${password}"`)
  assert.match(login!, /^OK \[CAPABILITY IMAP4rev1 [^\]]*\] Logged in$/)
  for (const word of ['IDLE', 'QUOTA', 'METADATA', 'ID', 'XCHATMAIL', 'XDELTAPUSH', 'COMPRESS=DEFLATE'])
    assert.ok(login!.split(/[ \]]/).includes(word), word)

  assert.deepEqual((await say('A0002', 'ID ("name" "Delta Chat")')).at(-1), 'OK ID completed')
  assert.deepEqual(await say('A0003', 'GETQUOTAROOT "INBOX"'), [
    '* QUOTAROOT "INBOX" "User quota"',
    '* QUOTA "User quota" (STORAGE 0 97656)',
    'OK Getquotaroot completed',
  ])
  const value = (text: string) => `{${text.length}}\r\n${text}`
  assert.deepEqual(await say('A0004', `GETMETADATA "" (${metadataEntries})`), [
    `* METADATA "" (/shared/comment ${value(Buffer.from('Grüße').toString('latin1'))}` +
      ` /shared/admin ${value('mailto:admin@chat.example.org')}` +
      ' /shared/vendor/deltachat/irohrelay NIL' +
      ` /shared/vendor/deltachat/turn ${value('192.0.2.7:3478:1795548186:cGFzc3dvcmQ=')}` +
      ` /shared/vendor/deltachat/maxsmtprecipients ${value('1000')}` +
      ' /shared/vendor/deltachat/appversions NIL)',
    'OK Getmetadata completed',
  ])

  const select = await say('A0005', 'SELECT "INBOX"')
  assert.ok(select.includes('* 0 EXISTS'))
  const uidNext = Number(/UIDNEXT (\d+)/.exec(select.join())![1])
  assert.match(select.join('\n'), /\* OK \[UIDVALIDITY \d+\]/)
  assert.match(select.at(-1)!, /^OK \[READ-WRITE\] /)
  assert.deepEqual(await say('A0006', prefetch), ['OK Fetch completed'])

  client.write('A0007 IDLE\r\n')
  assert.match(await client.response(), /^\+ /)
  const content = encryptedMessage({ from: 'bob@chat.example.org', id: 'one' })
  await server.deliver(content)
  assert.equal(await client.response(), '* 1 EXISTS')
  client.write('DONE\r\n')
  assert.deepEqual(await client.reply('A0007'), ['OK Idle completed'])

  const [headers] = await say('A0008', prefetch)
  const kept = content
    .toString('latin1')
    .split('\r\n\r\n', 1)[0]!
    .replace(/^(To|MIME-Version|Subject):.*\r\n/gm, '')
  assert.equal(
    headers,
    `* 1 FETCH (UID ${uidNext} RFC822.SIZE ${content.length} BODY[HEADER.FIELDS (${fields})] {${kept.length + 4}}\r\n${kept}\r\n\r\n)`,
  )
  const [body] = await say('A0009', `UID FETCH ${uidNext} (FLAGS BODY.PEEK[])`)
  assert.equal(body, `* 1 FETCH (UID ${uidNext} FLAGS () BODY[] {${content.length}}\r\n${content.toString('latin1')})`)
  assert.deepEqual(await say('A0010', `UID STORE ${uidNext} +FLAGS (\\Deleted)`), [
    `* 1 FETCH (UID ${uidNext} FLAGS (\\Deleted))`,
    'OK Store completed',
  ])
  assert.deepEqual(await say('A0011', 'CLOSE'), ['OK Close completed'])
  const again = await say('A0012', 'SELECT "INBOX"')
  assert.ok(again.includes('* 0 EXISTS'))
  assert.match(again.join('\n'), new RegExp(`UIDNEXT ${uidNext + 1}\\]`))
  client.write('A0013 IDLE\r\n')
  assert.match(await client.response(), /^\+ /)
})
