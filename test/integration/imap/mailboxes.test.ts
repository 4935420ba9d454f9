/** Mailboxes: making, naming, listing, subscribing, counting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, startImap } from './fixture.ts'

test('a mailbox lives from CREATE to DELETE', async () => {
  const server = await startImap()
  const client = await server.login()
  assert.match(await client.status('CREATE "Entw&APw-rfe/a"'), /^OK /)
  assert.match(await client.status('CREATE "Entw&APw-rfe/a"'), /^NO \[ALREADYEXISTS\]/)
  assert.ok(await server.store.mailboxes.find(server.accountId, 'Entwürfe/a'))
  assert.deepEqual(await client.command('LIST "" "*"'), [
    '* LIST (\\HasChildren) "/" "Entw&APw-rfe"',
    '* LIST (\\HasNoChildren) "/" "Entw&APw-rfe/a"',
    '* LIST (\\HasNoChildren) "/" "INBOX"',
    'OK List completed',
  ])
  assert.match(await client.status('DELETE "Entw&APw-rfe"'), /^NO \[HASCHILDREN\]/)
  assert.match(await client.status('RENAME "Entw&APw-rfe" Archive'), /^OK /)
  assert.match(await client.status('DELETE Archive/a'), /^OK /)
  assert.match(await client.status('DELETE Archive'), /^OK /)
  assert.match(await client.status('DELETE Archive'), /^NO \[NONEXISTENT\]/)
  assert.match(await client.status('DELETE inbox'), /^NO \[CANNOT\]/)
  for (const name of ['"a//b"', '"&"', '""', `"${'x'.repeat(1001)}"`])
    assert.match(await client.status(`CREATE ${name}`), /^NO \[CANNOT\]/)
  assert.match(await client.status('RENAME INBOX INBOX/below'), /^NO \[CANNOT\]/)
})

test('special uses are shown and can be looked for', async () => {
  const server = await startImap()
  const client = await server.login()
  assert.match(await client.status('CREATE Gesendet (USE (\\Sent))'), /^OK /)
  assert.match(await client.status('CREATE x (USE (\\All))'), /^NO \[USEATTR\]/)
  const sent = '* LIST (\\HasNoChildren \\Sent) "/" "Gesendet"'
  assert.deepEqual(await client.command('LIST (SPECIAL-USE) "" "*"'), [sent, 'OK List completed'])
  assert.ok((await client.command('LIST "" "%" RETURN (SPECIAL-USE CHILDREN)')).includes(sent))
})

test('subscriptions', async () => {
  const server = await startImap()
  const client = await server.login()
  await client.command('CREATE a')
  assert.match(await client.status('SUBSCRIBE a'), /^OK /)
  assert.match(await client.status('SUBSCRIBE none'), /^NO \[NONEXISTENT\]/)
  assert.ok((await client.command('LSUB "" "*"')).includes('* LSUB () "/" "a"'))
  assert.ok(
    (await client.command('LIST (SUBSCRIBED) "" "*"')).includes('* LIST (\\HasNoChildren \\Subscribed) "/" "a"'),
  )
  await client.command('UNSUBSCRIBE a')
  assert.ok(!(await client.command('LSUB "" "*"')).includes('* LSUB () "/" "a"'))
})

test('STATUS, and LIST that returns it', async () => {
  const server = await startImap()
  await server.deliver(message('one'), message('two'))
  const client = await server.login()
  const [line] = await client.command('STATUS inbox (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT SIZE HIGHESTMODSEQ)')
  assert.match(
    line!,
    /^\* STATUS "INBOX" \(MESSAGES 2 UIDNEXT 3 UIDVALIDITY \d+ UNSEEN 2 RECENT 0 SIZE \d+ HIGHESTMODSEQ \d+\)$/,
  )
  assert.deepEqual(await client.command('LIST "" (INBOX none) RETURN (STATUS (MESSAGES))'), [
    '* LIST (\\HasNoChildren) "/" "INBOX"',
    '* STATUS "INBOX" (MESSAGES 2)',
    'OK List completed',
  ])
  assert.match(await client.status('STATUS none (MESSAGES)'), /^NO \[NONEXISTENT\]/)
})

test('LIST with an empty pattern tells the delimiter', async () => {
  const server = await startImap()
  const client = await server.login()
  assert.deepEqual(await client.command('LIST "" ""'), ['* LIST (\\Noselect) "/" ""', 'OK List completed'])
  assert.deepEqual(await client.command('NAMESPACE'), ['* NAMESPACE (("" "/")) NIL NIL', 'OK Namespace completed'])
})

test('an account has a bounded number of mailboxes', async () => {
  const server = await startImap({ limits: { messageSize: 1000, mailboxes: 3 } })
  const client = await server.login()
  assert.match(await client.status('CREATE a/b'), /^OK /)
  assert.match(await client.status('CREATE c'), /^NO \[LIMIT\]/)
})

test('quota and metadata', async () => {
  const server = await startImap()
  await server.deliver(message('one', 'x'.repeat(5000)))
  const client = await server.login()
  assert.match((await client.command('GETQUOTA "User quota"'))[0]!, /^\* QUOTA "User quota" \(STORAGE 6 97656\)$/)
  assert.match(await client.status('GETQUOTA other'), /^NO /)
  const token = 'openpgp:AbC+/='
  assert.equal(await client.status(`SETMETADATA INBOX (/private/devicetoken "${token}")`), 'OK Setmetadata completed')
  client.write(`l SETMETADATA "INBOX" (/private/devicetoken {${token.length}+}\r\n${token})\r\n`)
  assert.match((await client.reply('l')).at(-1)!, /^OK /)
  assert.deepEqual(await server.store.deviceTokens.list(server.accountId), [token])
  assert.equal(
    (await client.command('GETMETADATA INBOX /private/devicetoken'))[0],
    '* METADATA "INBOX" (/private/devicetoken NIL)',
  )
  assert.match(await client.status('SETMETADATA "" (/shared/comment "x")'), /^NO \[NOPERM\]/)
  assert.match(await client.status('SETMETADATA INBOX (/private/devicetoken "\x7f")'), /^NO \[METADATA MAXSIZE 8192\]/)
  const [short, reply] = await client.command('GETMETADATA (MAXSIZE 10) "" (/shared/comment /shared/admin)')
  assert.match(short!, /^\* METADATA "" \(\/shared\/comment \{7\}/)
  assert.match(reply!, /^OK \[METADATA LONGENTRIES \d+\] Getmetadata completed$/)
  assert.match((await client.command('GETMETADATA "" /SHARED/Admin'))[0]!, /^\* METADATA "" \(\/SHARED\/Admin \{/)
  assert.deepEqual(await client.command('GETMETADATA "" "/shared/a name (with) \\"marks\\""'), [
    '* METADATA "" ("/shared/a name (with) \\"marks\\"" NIL)',
    'OK Getmetadata completed',
  ])
})
