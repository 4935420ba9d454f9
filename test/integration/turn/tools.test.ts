// The tools that operators run: what they say of a server that works, and of ones that do not.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { turnCredential } from '../../../workloads/contract/credential.ts'
import { signingKey } from '../../../workloads/contract/keyring.ts'
import type { TurnConfig } from '../../../workloads/contract/turn-config.ts'
import { checkServer } from '../../../workloads/turn/client/checks.ts'
import { selfSignedCertificate } from '../../support/certificate.ts'
import { chatmail, type Outcome } from '../../support/command.ts'
import { LocalServer } from '../../support/local-server.ts'
import { freePorts } from '../../support/ports.ts'
import { newTurnSecret, TurnProcess } from '../../support/turn-process.ts'

describe('tools', { concurrency: true }, () => {
  let turn: TurnProcess
  const dir = mkdtempSync(join(tmpdir(), 'chatmail-tools-'))
  const file = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content)
    return join(dir, name)
  }

  before(async () => {
    turn = await TurnProcess.start({ certificate: await selfSignedCertificate(['localhost']) })
    file('ring', JSON.stringify(turn.keyring))
  })
  after(async () => {
    await turn?.stop()
    rmSync(dir, { recursive: true })
  })

  const server = () => `127.0.0.1:${turn.address.port}`
  const ring = join(dir, 'ring')
  const runTest = (...words: string[]): Promise<Outcome> => chatmail(['turn', 'test', '--output', 'json', ...words])
  const failures = ({ stdout }: Outcome): Record<string, string> => {
    const { steps } = JSON.parse(stdout) as { steps: { step: string; outcome: string; code: string }[] }
    return Object.fromEntries(steps.filter(({ outcome }) => outcome === 'failed').map(({ step, code }) => [step, code]))
  }

  test('a server that works passes every step, and nothing stays allocated', async () => {
    const own = await TurnProcess.start({
      certificate: await selfSignedCertificate(['localhost']),
      keyring: turn.keyring,
    })
    try {
      const outcome = await runTest('--server', `localhost:${own.address.port}`, '--secret-file', ring, '--insecure')
      assert.deepEqual([outcome.code, failures(outcome)], [0, {}], outcome.stdout + outcome.stderr)
      assert.equal(JSON.parse(outcome.stdout).steps.length, 10)
      await own.until(({ counts }) => counts.allocations === 0 && counts.connections === 0)
    } finally {
      await own.stop()
    }
  })

  test('a wrong key, a closed port and a certificate that nobody can verify are named', async () => {
    const [closed] = await freePorts(1)
    const wrong = file('wrong', newTurnSecret())
    const [key, port, certificate] = await Promise.all([
      runTest('--server', server(), '--secret-file', wrong),
      runTest('--server', `127.0.0.1:${closed}`, '--secret-file', ring, '--timeout', '3'),
      runTest('--server', server(), '--secret-file', ring),
    ])
    assert.deepEqual([key.code, failures(key)], [1, { allocate: 'KEY' }])
    assert.equal(port.code, 1)
    assert.deepEqual(failures(port), { binding: 'ECONNREFUSED', tcp: 'ECONNREFUSED', tls: 'ECONNREFUSED' })
    assert.deepEqual([certificate.code, failures(certificate)], [0, { tls: 'DEPTH_ZERO_SELF_SIGNED_CERT' }])
  })

  test('every step is told: what failed with what to do, and what was not tried for it', async () => {
    const outcome = await runTest('--server', server(), '--secret-file', file('other', newTurnSecret()))
    const { ok, steps } = JSON.parse(outcome.stdout)
    const outcomes = (steps as { outcome: string }[]).map((each) => each.outcome)
    assert.deepEqual([ok, outcomes], [false, ['ok', 'ok', 'failed', ...Array(7).fill('untried')]])
    assert.match(steps[2].message, /the key is not one that the server has/)
  })

  test('clocks that differ are told from a wrong key', async () => {
    const { secret } = signingKey(turn.keyring)
    const now = Math.floor(Date.now() / 1000)
    const options = {
      host: '127.0.0.1',
      port: turn.address.port,
      over: 'udp' as const,
      timeoutMs: 8000,
      verifyTls: false,
    }
    const codes = async (long: string) =>
      (
        await checkServer(
          { ...options, credential: turnCredential(secret, now - 60) },
          () => turnCredential(long, now + 3600),
          () => {},
        )
      ).flatMap(({ step, outcome, code }) => (outcome === 'failed' ? [[step, code]] : []))
    assert.deepEqual(await codes(secret), [['allocate', 'CLOCK']])
    assert.deepEqual(await codes(newTurnSecret()), [['allocate', 'KEY']])
  })

  test('a public address that leads elsewhere, and Binding that is left unanswered', async () => {
    const start = (change: (config: TurnConfig) => TurnConfig) =>
      TurnProcess.start({ keyring: turn.keyring, config: change })
    const [elsewhere, silent] = await Promise.all([
      start((config) => ({ ...config, relay: { ...config.relay, publicIpv4: '127.0.0.77' } })),
      start((config) => ({ ...config, forceRelayOnly: true })),
    ])
    try {
      const run = ({ address }: TurnProcess) =>
        runTest('--server', `127.0.0.1:${address.port}`, '--secret-file', ring, '--timeout', '2')
      const [wrong, unanswered] = await Promise.all([run(elsewhere), run(silent)])
      assert.deepEqual([wrong.code, failures(wrong).range], [1, 'ADDRESS'])
      assert.equal(unanswered.code, 0, unanswered.stdout)
      assert.match(unanswered.stdout, /"binding","outcome":"skipped".*forceRelayOnly/)
    } finally {
      await Promise.all([elsewhere.stop(), silent.stop()])
    }
  })

  test('words that are wrong say what is wanted', async () => {
    const cases: [string[], RegExp][] = [
      [['test'], /--server and --secret-file, or --from-account, are wanted/],
      [['test', '--server', 'nowhere'], /HOST:PORT is wanted/],
      [['test', '--server', server(), '--secret-file', join(dir, 'missing')], /missing: ENOENT/],
      [['test', '--from-account', 'dclogin:nobody'], /a dclogin: link holds an address and p=PASSWORD/],
      [['test', '--from-account', `@${join(dir, 'missing')}`], /missing: ENOENT/],
      [['load', '--server', '9.9.9.9:3478', '--secret-file', ring], /not an address of this machine/],
      [['decode', '-f', '-'], /line 1: pairs of hex digits/],
    ]
    for (const [words, said] of cases) {
      const { code, stderr } = await chatmail(['turn', ...words], { input: 'rubbish\n' })
      assert.ok(code === 64 || code === 78, `${words[0]} ended with ${code}`)
      assert.match(stderr, said)
    }
  })

  test('a load is sent, arrives and is measured', async () => {
    const words = ['--calls', '4', '--rate', '50', '--duration', '1', '--output', 'json']
    const { code, stdout } = await chatmail(['turn', 'load', '--server', server(), '--secret-file', ring, ...words])
    const { calls, sent, received } = JSON.parse(stdout)
    assert.deepEqual([code, calls], [0, 4])
    assert.ok(sent > 200 && received >= sent * 0.98, stdout)
  })

  test('an account of a server that was just started leads to its relay', async () => {
    const { server: local, summary } = await LocalServer.start()
    try {
      const link = file('link', summary.invite)
      const outcome = await runTest('--from-account', `@${link}`)
      assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr)
      const web = `localhost:${new URL(summary.web).port}`
      const over = await runTest('--from-account', `@${link}`, '--over', 'tls', '--server', web, '--insecure')
      assert.equal(over.code, 0, over.stdout + over.stderr)
      const { stdout } = await chatmail([
        'turn',
        'test',
        '--from-account',
        `@${link}`,
        '--over',
        'tls',
        '--timeout',
        '2',
      ])
      assert.match(stdout, /^127\.0\.0\.1, port 443, over TLS\n/)
    } finally {
      await local.stop()
    }
  })
})
