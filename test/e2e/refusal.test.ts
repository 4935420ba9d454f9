/** What the server refuses and why, as a person with stock Delta Chat gets to see it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { coreMissing } from '../support/deltachat.ts'
import { eventually } from '../support/eventually.ts'
import { LocalServer, type ServerSummary } from '../support/local-server.ts'
import { type Login, loginIn, openInbox, submit } from '../support/mail-clients.ts'
import { plainMessage, secureJoinRequest } from '../support/messages.ts'
import { nextInvite, Person } from '../support/person.ts'

describe('what is refused', { skip: coreMissing() }, () => {
  let server: LocalServer
  let summary: ServerSummary
  let alice: Person
  let bob: Person
  let aliceLogin: Login
  const stop: (() => Promise<void>)[] = []

  const newPerson = async (name: string, invite: string): Promise<Person> => {
    const person = await Person.join(name, invite)
    stop.unshift(() => person.stop())
    return person
  }

  const inboxOf = (login: Login) => openInbox({ port: summary.imap.port, security: 'tls' }, login)

  const addressOf = (person: Person): Promise<string> => person.call<string>('get_config', 'addr')

  before(async () => {
    ;({ server, summary } = await LocalServer.start())
    stop.push(() => server.stop())
    const invite = await nextInvite(summary.web)
    aliceLogin = loginIn(invite)
    ;[alice, bob] = await Promise.all([newPerson('Alice', invite), newPerson('Bob', await nextInvite(summary.web))])
    // The setting lets the client write to a bare address; without it the client itself refuses to.
    await alice.setConfig('force_encryption', '0')
  })

  after(async () => {
    for (const each of stop) await each()
  })

  /** Alice writes to an address whose key she does not have, as classic mail. */
  const writeInClear = async (address: string): Promise<{ chat: number; message: number }> => {
    const contact = await alice.call<number>('create_contact', address, 'Somebody')
    const chat = await alice.call<number>('create_chat_by_contact_id', contact)
    return { chat, message: await alice.sendText(chat, 'not encrypted') }
  }

  /** What Alice sees of a message that could not be sent. */
  const failure = async (message: number): Promise<string> => {
    const outcome = await alice.event(['MsgFailed', 'MsgDelivered'], ({ msgId }) => msgId === message)
    assert.equal(outcome.kind, 'MsgFailed')
    const info = await alice.call<string>('get_message_info', message)
    assert.match(info, /^State: Failed$/m)
    return /^Error: (.*)$/m.exec(info)![1]!
  }

  test('an unencrypted message fails, and the client says that this server wants encryption', async () => {
    const { chat, message } = await writeInClear(await addressOf(bob))
    assert.match(await failure(message), /5\.7\.1 Encryption Needed: Invalid Unencrypted Mail$/)
    const ids = await alice.call<number[]>('get_message_ids', chat, false, false)
    const texts = await Promise.all(ids.map(async (id) => (await alice.call<{ text: string }>('get_message', id)).text))
    assert.match(texts.at(-1)!, new RegExp(`${summary.domain} requires end-to-end encryption`))
  })

  test('an unencrypted group message fails in the same way', async () => {
    const group = await alice.call<number>('create_group_chat_unencrypted', 'In clear')
    const contact = await alice.call<number>('create_contact', await addressOf(bob), 'Bob')
    await alice.call('add_contact_to_chat', group, contact)
    assert.match(await failure(await alice.sendText(group, 'to all')), /Invalid Unencrypted Mail$/)
  })

  test('a message to nobody and one to another server fail with their reasons', async () => {
    const nobody = await writeInClear(`nobody-here@${summary.domain}`)
    assert.match(await failure(nobody.message), /5\.1\.1 Recipient address rejected: no such user here$/)
    const elsewhere = await writeInClear('somebody@example.org')
    assert.match(await failure(elsewhere.message), /5\.1\.2 .* does not send to other servers yet$/)
  })

  test('a SecureJoin in its older form, which begins in clear, passes from the first to the last step', async () => {
    const code = await alice.call<string>('get_chat_securejoin_qr_code', null)
    const older = code.replace(/&v=3\b/, '')
    assert.notEqual(older, code)
    await alice.call('stop_io')
    const chat = await bob.call<number>('secure_join', older)
    const inbox = await inboxOf(aliceLogin)
    const [request] = await eventually(async () => {
      await inbox.noop()
      const found = await inbox.fetchAll('1:*', { source: true })
      assert.ok(found.length > 0)
      return found
    })
    await inbox.logout()
    assert.match(request!.source!.toString(), /^Secure-Join: vc-request\r$/m)
    await alice.call('start_io')
    await bob.event('SecurejoinJoinerProgress', (event) => event.progress === 1000)
    await bob.sendTextAndWait(chat, 'Hello Alice')
    await alice.receive('Hello Alice')
  })

  test('on the wire: the code of the refusal, and the first step of a handshake in the inbox as it was sent', async () => {
    const [from, to] = ['wire-sender', 'wire-reader'].map((name) => `${name}@${summary.domain}`) as [string, string]
    const pass = 'wire-password-0123'
    await (await inboxOf({ user: to, pass })).logout()
    const door = { port: summary.smtp.port, security: 'tls' } as const
    const send = (raw: Buffer) => submit(door, { user: from, pass }, to, raw)
    await assert.rejects(send(plainMessage({ from, to })), {
      response: '523 5.7.1 Encryption Needed: Invalid Unencrypted Mail',
    })
    const request = secureJoinRequest({ from, to })
    await send(request)
    const reader = await inboxOf({ user: to, pass })
    const messages = await reader.fetchAll('1:*', { source: true })
    assert.deepEqual(
      messages.map(({ source }) => source!.toString()),
      [request.toString()],
    )
    await reader.logout()
  })
})
