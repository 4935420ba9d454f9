/**
 * Sessions of real clients, damaged in every way, against a complete server: it goes on, no process is started again, its
 * memory stays bounded, and people are served as before.
 */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { methods } from '../../workloads/turn/stun/types.ts'
import { eventually } from '../support/eventually.ts'
import { LocalServer, type ServerSummary } from '../support/local-server.ts'
import { page } from '../support/mail-clients.ts'
import { intrude } from '../support/strangers/intruder.ts'
import { type Damage, damage, mutated, mutations } from '../support/strangers/mutation.ts'
import { RecordingTurnClient } from '../support/strangers/recorder.ts'
import { type Recorded, readMail, recordSessions, sendMail } from '../support/strangers/sessions.ts'
import { Watch } from '../support/strangers/watch.ts'
import { allocateAndEcho, codeOf, echoPeer, TurnClient } from '../support/turn-client.ts'
import { loginFor } from '../support/turn-process.ts'

const growthMiB = 60
const heldSilent = 100
const channel = 0x4000

describe('strangers', () => {
  let server: LocalServer
  let summary: ServerSummary
  let recorded: Recorded[]
  let watch: Watch
  const silent: Socket[] = []

  const turnLogin = () => loginFor(server.turnKeyring())

  before(async () => {
    const limits = { sendPerMinute: 100_000, sendBurst: 100_000 }
    ;({ server, summary } = await LocalServer.start({ spec: { mail: { limits } } }))
    recorded = await recordSessions(server, summary)
    watch = new Watch(server.dataDir)
    assert.equal(watch.memory().length, 3, 'mail, TURN and the Iroh relay')
  })
  after(async () => {
    for (const socket of silent) socket.destroy()
    await server.stop()
  })

  /** Damaged sessions, twenty at a time. */
  const storm = (numRuns: number): Promise<void> => {
    const one = fc.record({ session: fc.nat(recorded.length - 1), damage })
    const play = async ({ session, damage }: { session: number; damage: Damage }): Promise<void> => {
      const { bytes, ...target } = recorded[session]!
      const open = await intrude(target, mutated(bytes, damage.mutations), damage.manner)
      if (open) silent.push(open)
    }
    return fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 20, maxLength: 20 }), async (sessions) => {
        await Promise.all(sessions.map(play))
        for (const socket of silent.splice(0, silent.length - heldSilent)) socket.destroy()
        watch.assertSame()
      }),
      { numRuns, endOnFailure: true },
    )
  }

  /** A session that has gone while the answer to its fifth wrong password was held back counts until then. */
  const delaysMs = 40_000

  test('damaged sessions of IMAP, SMTP, HTTP and TLS', async () => {
    // The heap grows to its working size first.
    await storm(90)
    const before = watch.memory()
    await storm(70)
    for (const socket of silent.splice(0)) socket.destroy()
    await watch.assertBounded(before, growthMiB)
    await eventually(async () => {
      const { counts } = JSON.parse(await server.ask('mail', '/state'))
      for (const what of ['imapSessions', 'smtpSessions', 'smtpBuffered', 'httpConnections'])
        assert.equal(counts[what], 0, `${what} that are over`)
    }, delaysMs)
  })

  test('damaged datagrams, from the address of a running call and from others', async () => {
    const address = { host: summary.turn.host, port: summary.turn.port }
    const peer = await echoPeer(address.host)
    const call = await RecordingTurnClient.open(address, turnLogin())
    const others = await Promise.all([1, 2, 3].map(() => TurnClient.open(address, call.login)))
    try {
      await call.request(methods.binding, [])
      for (const answer of [await call.allocate(), await call.permit(peer), await call.bind(channel, peer)])
        assert.equal(codeOf(answer), 0)
      call.sendTo(peer, Buffer.from('a Send indication'))
      call.sendOn(channel, Buffer.from('ChannelData'))
      await call.refresh(600)
      const session = [...call.sent]
      const before = watch.memory()
      const one = fc.record({ from: fc.nat(others.length), datagram: fc.nat(session.length - 1), mutations })
      const goesOn = async (data: Buffer): Promise<void> => {
        assert.equal(codeOf(await call.refresh(600)), 0)
        call.sendOn(channel, data)
        while (!(await call.next()).data.equals(data));
      }
      await fc.assert(
        fc.asyncProperty(
          fc.array(one, { minLength: 40, maxLength: 40 }),
          fc.uint8Array({ minLength: 20, maxLength: 99 }),
          async (list, data) => {
            for (const { from, datagram, mutations } of list)
              (others[from] ?? call).send(mutated(session[datagram]!, mutations).subarray(0, 60_000))
            await goesOn(Buffer.from(data))
            watch.assertSame()
          },
        ),
        { numRuns: 150, endOnFailure: true },
      )
      await watch.assertBounded(before, growthMiB)
    } finally {
      for (const client of [call, ...others]) client.close()
      peer.close()
    }
  })

  test('people are served as before, on every port', async () => {
    const login = { user: `afterwards@${summary.domain}`, pass: 'afterwards-0123' }
    const { ports } = server
    for (const [security, imap, smtp] of [
      ['tls', ports.imaps, ports.submissions],
      ['starttls', ports.imap, ports.submission],
    ] as const) {
      await readMail(imap, security, login)
      await sendMail(smtp, security, login)
    }
    assert.equal((await page(summary.web)).status, 200)
    const relayed = await allocateAndEcho({ host: summary.turn.host, port: summary.turn.port, ...turnLogin() })
    assert.equal(relayed.echoed.length, 32)
  })

  test('nothing of it was a failure of the server', () => {
    const failures = server.stderr.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line))
    assert.deepEqual(failures, [])
  })
})
