// Whether a relay works, as the operator and `chatmail iroh test` find out: against ours, and against what goes wrong.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { proofSteps } from '../../../workloads/iroh/client/advice.ts'
import { checkRelay, proveRelay, type StepResult } from '../../../workloads/iroh/client/prove.ts'
import { type IrohProcess, startIroh } from '../../support/iroh-process.ts'
import { freePorts } from '../../support/ports.ts'

let relay: IrohProcess
before(async () => {
  relay = await startIroh()
})
after(() => relay.stop())

const timeoutMs = 5000

const served = async (server: Server, use: (url: string) => Promise<void>): Promise<void> => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.close()
  }
}

test('our relay is proven, plain and with TLS, and nothing of the proof stays', async () => {
  const plain = await proveRelay({ url: relay.url.href, timeoutMs })
  assert.ok(plain.ok && plain.rttMs > 0)
  const secure = await proveRelay({ url: relay.secureUrl.href, timeoutMs, tls: { ca: relay.certificate.cert } })
  assert.ok(secure.ok)
  await relay.workload.until(({ counts }) => counts.connections === 0)
})

test('where the name does not resolve, the relay is found by another way, and asked for by its name all the same', async () => {
  const via = { host: '127.0.0.1', port: Number(relay.url.port) }
  assert.ok((await proveRelay({ url: 'http://relay.invalid/', timeoutMs, via })).ok)
  const secure = { host: '127.0.0.1', port: Number(relay.secureUrl.port) }
  const tls = { ca: relay.certificate.cert }
  const wrong = await proveRelay({ url: 'https://relay.invalid/', timeoutMs, via: secure, tls })
  assert.deepEqual(!wrong.ok && [wrong.step, wrong.code], ['certificate', 'ERR_TLS_CERT_ALTNAME_INVALID'])
  const [closed] = await freePorts(1)
  const resolvable = await proveRelay({ url: `http://127.0.0.1:${closed}/`, timeoutMs, via })
  assert.equal(!resolvable.ok && resolvable.step, 'connect')
})

test('what fails is told with its step, its code and what to do, without an address', async () => {
  const [closed] = await freePorts(1)
  const proofs = [
    ['nonsense', 'resolve', 'URL'],
    ['http://relay.invalid/', 'resolve', 'ENOTFOUND'],
    [`http://127.0.0.1:${closed}/`, 'connect', 'ECONNREFUSED'],
    [relay.secureUrl.href, 'certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [relay.url.href.replace('http:', 'https:'), 'certificate', 'ECONNRESET'],
  ] as const
  for (const [url, step, code] of proofs) {
    const proof = await proveRelay({ url, timeoutMs })
    assert.ok(!proof.ok, url)
    assert.equal(proof.step, step)
    assert.equal(proof.code, code)
    assert.doesNotMatch(proof.message, /127\.0\.0\.1|relay\.invalid/)
  }
})

test('a web server is no relay, and neither is a port that says nothing', async () => {
  await served(
    createHttpServer((_, response) => response.writeHead(404).end()),
    async (url) => {
      const proof = await proveRelay({ url, timeoutMs })
      assert.deepEqual(!proof.ok && [proof.step, proof.code], ['ping', 'STATUS'])
    },
  )
  await served(
    createHttpServer((_, response) => response.end()),
    async (url) => {
      const proof = await proveRelay({ url, timeoutMs })
      assert.deepEqual(!proof.ok && [proof.step, proof.code], ['legacy', 'UPGRADE'])
    },
  )
  await served(
    createServer((socket) => void socket.on('error', () => undefined)),
    async (url) => {
      const proof = await proveRelay({ url, timeoutMs: 300 })
      assert.deepEqual(!proof.ok && [proof.step, proof.code], ['ping', 'TIMEOUT'])
    },
  )
})

test('a proof that is called off ends', async () => {
  const proof = await proveRelay({ url: relay.url.href, timeoutMs: 60_000, signal: AbortSignal.abort() })
  assert.deepEqual(!proof.ok && proof.code, 'TIMEOUT')
})

test('every step is reported, and one that Delta Chat does not need fails nothing', async () => {
  const results: StepResult[] = []
  assert.ok(await checkRelay({ url: relay.url.href, timeoutMs }, (result) => results.push(result)))
  assert.deepEqual(results.map(({ step }) => step).sort(), proofSteps.filter((step) => step !== 'certificate').sort())
})

const chatmail = (...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const options = { cwd: join(import.meta.dirname, '../../..') }
    execFile(process.execPath, ['operator/main.ts', 'iroh', 'test', ...words], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })

test('chatmail iroh test: exit codes, words and JSON', async () => {
  const good = await chatmail('--url', relay.url.href, '--output', 'json')
  assert.equal(good.code, 0)
  const { ok, steps } = JSON.parse(good.stdout)
  assert.ok(ok && steps.every((step: StepResult) => step.ok))
  const bad = await chatmail('--url', relay.secureUrl.href)
  assert.equal(bad.code, 1)
  assert.match(
    bad.stdout,
    /✘ certificate: the certificate is self-signed.*\n\nThis relay does not work for Delta Chat\./,
  )
  const wrong = await chatmail('--url', 'http://127.0.0.1/relay')
  assert.equal(wrong.code, 64)
  assert.match(wrong.stderr, /without a path/)
})
