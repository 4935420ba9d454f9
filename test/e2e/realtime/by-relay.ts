// Runs in a network where UDP goes nowhere, so that Iroh, whose direct paths are UDP, has the relay alone.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../support/eventually.ts'
import { LocalServer, type ServerSummary } from '../../support/local-server.ts'
import { nextInvite, Person } from '../../support/person.ts'
import { webxdcApp } from '../../support/webxdc.ts'

/** Real-time data may be lost, as apps know: they send again. */
const resendMs = 100

type Player = { person: Person; msgId: number }

/** Sends from one app to the other until it arrives there. */
const carry = async (from: Player, to: Player, data: readonly number[]): Promise<void> => {
  const arrived = to.person.event(
    'WebxdcRealtimeData',
    (event) => event.msgId === to.msgId && String(event.data) === String(data),
  )
  const over = new AbortController()
  const resend = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await from.person.call('send_webxdc_realtime_data', from.msgId, data)
      await pause(resendMs, undefined, { signal: over.signal }).catch(() => undefined)
    }
  }
  await Promise.all([arrived.finally(() => over.abort()), resend()])
}

describe('a webxdc app in a chat of two', () => {
  let server: LocalServer
  let summary: ServerSummary
  let players: [Player, Player]
  const stop: (() => Promise<void>)[] = []

  const newPerson = async (name: string, invite: string): Promise<Person> => {
    const person = await Person.join(name, invite)
    stop.unshift(() => person.stop())
    return person
  }

  /** Datagrams that the relay has passed on between clients of Delta Chat's generation. */
  const relayed = async (): Promise<number> => {
    const metrics = await server.ask('iroh', '/metrics')
    return Number(/^chatmail_iroh_relayed_packets_total\{generation="legacy"\} (\d+)$/m.exec(metrics)![1])
  }

  const bothWays = async (mark: number): Promise<void> => {
    const [one, two] = players
    await carry(one, two, [mark, 1, 2, 3])
    await carry(two, one, [mark, 9, 8, 7])
  }

  before(async () => {
    ;({ server, summary } = await LocalServer.start())
    stop.push(() => server.stop())
    const alice = await newPerson('Alice', summary.invite)
    const bob = await newPerson('Bob', await nextInvite(summary.web))
    const chat = await bob.secureJoin(alice)
    const file = join(server.dir, 'app.xdc')
    writeFileSync(file, webxdcApp('Test'))
    const [msgId] = await bob.call<[number]>('misc_send_msg', chat, 'the app', file, 'app.xdc', null, null)
    const received = await alice.receive('the app')
    await alice.accept(received.chatId)
    players = [
      { person: alice, msgId: received.id },
      { person: bob, msgId },
    ]
  })

  after(async () => {
    for (const each of stop) await each()
  })

  test('the server tells clients of its own relay', () => {
    assert.match(summary.iroh!, /^http:\/\/127\.0\.0\.1:\d+\/$/)
  })

  test('both open the app, and what one sends the other gets, through the relay', async () => {
    const [one, two] = players
    await two.person.call('send_webxdc_realtime_advertisement', two.msgId)
    await one.person.event('WebxdcRealtimeAdvertisementReceived', ({ msgId }) => msgId === one.msgId)
    await one.person.call('send_webxdc_realtime_advertisement', one.msgId)
    await bothWays(1)
    assert.ok((await relayed()) > 0)
  })

  test('after the relay was killed and started again, they find each other there', async () => {
    const { pid } = JSON.parse(readFileSync(join(server.dataDir, 'pods/local-iroh/process.json'), 'utf8'))
    process.kill(pid, 'SIGKILL')
    await eventually(async () => assert.equal(await relayed(), 0))
    await bothWays(2)
    assert.ok((await relayed()) > 0)
  })
})
