/** Two people scan an invite of a server that was just started, and use stock Delta Chat. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { coreMissing } from '../support/deltachat.ts'
import { LocalServer, type ServerSummary } from '../support/local-server.ts'
import { nextInvite, Person } from '../support/person.ts'
import { allocateAndEcho } from '../support/turn-client.ts'

describe('two people with stock Delta Chat', { skip: coreMissing() }, () => {
  let server: LocalServer
  let summary: ServerSummary
  let alice: Person
  let bob: Person
  let chatWithAlice: number
  let chatWithBob: number
  const stop: (() => Promise<void>)[] = []

  const newPerson = async (name: string, invite: string): Promise<Person> => {
    const person = await Person.join(name, invite)
    stop.unshift(() => person.stop())
    return person
  }

  before(async () => {
    ;({ server, summary } = await LocalServer.start())
    stop.push(() => server.stop())
    alice = await newPerson('Alice', summary.invite)
    bob = await newPerson('Bob', await nextInvite(summary.web))
  })

  after(async () => {
    for (const each of stop) await each()
  })

  test('SecureJoin: Bob scans the code of Alice', async () => {
    chatWithAlice = await bob.secureJoin(alice)
    chatWithBob = await alice.chatWith(bob)
  })

  test('text goes both ways', async () => {
    await bob.sendText(chatWithAlice, 'Hello Alice')
    await alice.receive('Hello Alice')
    await alice.accept(chatWithBob)
    await alice.sendText(chatWithBob, 'Hello Bob')
    await bob.receive('Hello Bob')
  })

  test('an attachment of 5 MB arrives whole', async () => {
    const file = join(server.dir, 'large.bin')
    writeFileSync(file, randomBytes(5_000_000))
    await bob.call('misc_send_msg', chatWithAlice, 'large file', file, 'large.bin', null, null)
    const announced = await alice.receive('large file')
    assert.equal(await alice.downloaded(announced.id), 5_000_000)
  })

  test('a group of three', async () => {
    const carol = await newPerson('Carol', await nextInvite(summary.web))
    await carol.secureJoin(alice)
    const group = await alice.call<number>('create_group_chat', 'Three of us', false)
    for (const person of [bob, carol]) await alice.call('add_contact_to_chat', group, await alice.contactOf(person))
    await alice.sendText(group, 'Hello both')
    const [atBob, atCarol] = await Promise.all([bob.receive('Hello both'), carol.receive('Hello both')])
    assert.equal((await bob.chat(atBob.chatId)).name, 'Three of us')
    await carol.accept(atCarol.chatId)
    await carol.sendText(atCarol.chatId, 'Carol is here')
    await Promise.all([alice.receive('Carol is here'), bob.receive('Carol is here')])
  })

  test('every client holds credentials of this TURN server, and a datagram goes through it', async () => {
    const servers = await alice.iceServers()
    assert.deepEqual(
      servers.flatMap(({ urls }) => urls),
      [`turn:${summary.turn.host}:${summary.turn.port}`],
      'only this server, no third party',
    )
    const { username, credential } = servers[0]!
    const { host, port } = summary.turn
    const { relayed, echoed } = await allocateAndEcho({ host, port, username, password: credential })
    assert.equal(echoed.length, 32)
    const { min, max } = summary.turn.relayPorts
    assert.ok(relayed.port >= min && relayed.port <= max)
  })

  test('the quota is shown', async () => {
    const html = await alice.call<string>('get_connectivity_html')
    assert.match(html, /500(\.0+)?\s*Mi?B/i)
  })

  test('a message that is deleted for all is gone at the other side', async () => {
    const msgId = await bob.sendTextAndWait(chatWithAlice, 'better not')
    const received = await alice.receive('better not')
    await bob.call('delete_messages_for_all', [msgId])
    await alice.event(['MsgDeleted'], (event) => event.msgId === received.id)
  })

  test('a second device of the account gets what comes and what the first one sends', async () => {
    const backup = join(server.dir, 'backup')
    mkdirSync(backup)
    await alice.setConfig('bcc_self', '1')
    const second = await alice.secondDevice(backup)
    stop.unshift(() => second.stop())
    await bob.sendText(chatWithAlice, 'to all your devices')
    await Promise.all([alice.receive('to all your devices'), second.receive('to all your devices')])
    await alice.sendText(chatWithBob, 'from my first device')
    await Promise.all([bob.receive('from my first device'), second.receive('from my first device')])
  })

  test('after Ctrl-C and a second start everything is there, and clients come back by themselves', async () => {
    assert.equal(await server.interrupt(), 0)
    const waiting = await bob.sendText(chatWithAlice, 'sent while the server was away')
    const again = await server.launch()
    assert.equal(again.domain, summary.domain)
    await Promise.all([alice.core.call('maybe_network'), bob.core.call('maybe_network')])
    await alice.receive('sent while the server was away')
    await bob.delivered(waiting)
  })
})
