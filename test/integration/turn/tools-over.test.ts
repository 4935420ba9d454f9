// `turn test` and `turn load` over TCP and TLS: to the HTTPS port of mail, which hands over to a relay, and to ports that are none.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Relays } from '../../../workloads/contract/relays.ts'
import { adviceFor } from '../../../workloads/turn/client/advice.ts'
import { checkServer } from '../../../workloads/turn/client/checks.ts'
import { chatmail, type Outcome } from '../../support/command.ts'
import { MailProcess } from '../../support/mail-process.ts'
import { freePorts } from '../../support/ports.ts'
import { newTurnSecret, TurnProcess } from '../../support/turn-process.ts'

type Told = { step: string; outcome: string; code?: string; message?: string; detail?: string }
type Report = { exit: number | null; ok: boolean; over: string; steps: Told[] }

const relaysAt = (handOver: { host: string; port: number }): Relays => ({
  turn: [{ id: 'node1', host: '127.0.0.1', port: 3478, state: 'ready', handOver }],
  iroh: null,
})

const failures = ({ steps }: Report): Record<string, string> =>
  Object.fromEntries(steps.filter(({ outcome }) => outcome === 'failed').map(({ step, code }) => [step, code!]))
const told = ({ steps }: Report, name: string): Told => steps.find(({ step }) => step === name)!

describe('over TCP and TLS', { concurrency: true }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'chatmail-tools-over-'))
  const ring = join(dir, 'ring')
  let turn: TurnProcess
  let mail: MailProcess
  before(async () => {
    turn = await TurnProcess.start()
    mail = await MailProcess.start({ keyring: turn.keyring, relays: relaysAt(turn.address) })
    writeFileSync(ring, JSON.stringify(turn.keyring))
  })
  after(async () => {
    await mail?.stop()
    await turn?.stop()
    rmSync(dir, { recursive: true })
  })

  const run = (over: string, host: string, port: number, ...words: string[]): Promise<Outcome> =>
    chatmail(['turn', 'test', '--over', over, '--server', `${host}:${port}`, '--secret-file', ring, ...words])
  const report = async (over: string, port: number, ...words: string[]): Promise<Report> => {
    const { code, stdout, stderr } = await run(over, '127.0.0.1', port, '--output', 'json', ...words)
    assert.equal(stderr, '')
    return { exit: code, ...JSON.parse(stdout) }
  }

  test('through mail every step is passed, beside it the other stream, and nothing stays open', async () => {
    const own = await TurnProcess.start({ keyring: turn.keyring })
    const front = await MailProcess.start({ keyring: turn.keyring, relays: relaysAt(own.address) })
    try {
      for (const [over, besides] of [
        ['tls', 'tcp'],
        ['tcp', 'tls'],
      ] as const) {
        const all = await report(over, front.ports.https, '--insecure')
        assert.deepEqual([all.exit, all.ok, all.over, failures(all)], [0, true, over, {}])
        const names = ['resolve', 'binding', 'allocate', 'permission', 'range', 'relay', 'loss', 'ipv6', besides]
        assert.deepEqual(
          all.steps.map(({ step, outcome }) => `${step} ${outcome}`),
          names.map((name) => `${name} ok`),
        )
        await own.until(({ counts }) => counts.allocations === 0 && counts.connections === 0)
      }
    } finally {
      await front.stop()
      await own.stop()
    }
  })

  test('a certificate that nobody can verify, and that it would work without TLS', async () => {
    const { code, stdout } = await run('tls', '127.0.0.1', mail.ports.https)
    assert.equal(code, 1)
    assert.match(stdout, /^127\.0\.0\.1, port \d+, over TLS\n/)
    assert.match(stdout, /✘ binding +the certificate is self-signed.*--insecure/)
    assert.match(stdout, /Calls over TLS do not work from here: over TCP without TLS they do\./)
  })

  test('a wrong key is told over TLS as over UDP', async () => {
    const wrong = join(dir, 'wrong')
    writeFileSync(wrong, newTurnSecret())
    const refused = await report('tls', mail.ports.https, '--insecure', '--secret-file', wrong)
    assert.deepEqual([refused.exit, failures(refused)], [1, { allocate: 'KEY' }])
  })

  test('mail without a relay, and with one that has another key ring, closes: it is said why that is', async () => {
    const [alone, stranger] = await Promise.all([
      MailProcess.start({ keyring: turn.keyring }),
      MailProcess.start({ relays: relaysAt(turn.address) }),
    ])
    try {
      for (const { ports } of [alone, stranger]) {
        const closed = await report('tls', ports.https, '--insecure')
        assert.deepEqual([closed.exit, failures(closed)], [1, { binding: 'CLOSED', tcp: 'CLOSED' }])
        assert.match(told(closed, 'binding').message!, /no relay is ready.*Coturn.*key rings/)
      }
    } finally {
      await Promise.all([alone.stop(), stranger.stop()])
    }
  })

  test('a port that is closed, speaks HTTP, greets, speaks no TLS, or says nothing', async () => {
    const [closed] = await freePorts(1)
    const silent = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port: quiet } = silent.address() as AddressInfo
    const { http, imap, imaps } = mail.ports
    const cases: ['tcp' | 'tls', number, string, RegExp][] = [
      ['tls', closed!, 'ECONNREFUSED', /nothing listens for TCP/],
      ['tcp', http, 'NOT_TURN', /something else than TURN.*ingress/],
      ['tcp', imap, 'NOT_TURN', /something else than TURN/],
      ['tls', imaps, 'NOT_TURN', /something else than TURN/],
      ['tls', http, 'ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/],
      ['tcp', quiet, 'SILENT', /does not answer TURN/],
      ['tls', quiet, 'TIMEOUT', /no handshake of TLS/],
    ]
    try {
      for (const [over, port, code, message] of cases) {
        const to = { host: '127.0.0.1', port, over, credential: turn.login(), timeoutMs: 1000, verifyTls: false }
        const [, binding, allocate] = await checkServer(to, null, () => {})
        assert.deepEqual([binding!.step, binding!.code, allocate!.outcome], ['binding', code, 'untried'])
        assert.match(adviceFor('binding', code, over), message)
      }
    } finally {
      silent.close()
    }
  })

  test('relayed ports that are not reached speak against nothing: UDP may be what is closed here', async () => {
    const elsewhere = await TurnProcess.start({
      keyring: turn.keyring,
      config: (config) => ({ ...config, relay: { ...config.relay, publicIpv4: '127.0.0.77' } }),
    })
    try {
      const away = await report('tcp', elsewhere.address.port)
      assert.equal(told(away, 'range').outcome, 'skipped')
      assert.match(told(away, 'range').detail!, /0 of 6 .* of 127\.0\.0\.77: .*no UDP gets out/)
    } finally {
      await elsewhere.stop()
    }
  })

  test('who comes over IPv6 is served by a relay that has IPv4 alone', async () => {
    const old = await TurnProcess.start({
      keyring: turn.keyring,
      config: (config) => ({ ...config, relay: { ...config.relay, ipv6: null } }),
    })
    try {
      const { code, stdout } = await run('tcp', '[::1]', old.address.port, '--output', 'json')
      const all: Report = { exit: code, ...JSON.parse(stdout) }
      assert.deepEqual([code, failures(all)], [0, { ipv6: '440', tls: 'ECONNRESET' }], stdout)
      assert.deepEqual([told(all, 'range').outcome, told(all, 'relay').outcome], ['skipped', 'ok'])
    } finally {
      await old.stop()
    }
  })

  test('a load goes the same way', async () => {
    const server = ['--server', `127.0.0.1:${mail.ports.https}`, '--over', 'tls', '--insecure', '--secret-file', ring]
    const bounds = ['--calls', '2', '--rate', '20', '--duration', '1', '--output', 'json']
    const { code, stdout, stderr } = await chatmail(['turn', 'load', ...server, ...bounds])
    assert.equal(code, 0, stderr)
    const { sent, received } = JSON.parse(stdout)
    assert.ok(sent > 40 && received === sent, stdout)
  })

  test('words that are wrong say what is wanted', async () => {
    const { code, stderr } = await run('sctp', '127.0.0.1', mail.ports.https)
    assert.equal(code, 64)
    assert.match(stderr, /--over.*udp, tcp, tls/)
  })
})
