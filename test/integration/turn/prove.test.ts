// The proof that a relay works, and what it says of those that do not.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { turnCredential } from '../../../workloads/contract/credential.ts'
import { type Proof, proveRelay } from '../../../workloads/turn/client/prove.ts'
import { udpSocket } from '../../support/turn-client.ts'
import { newTurnSecret, TurnProcess } from '../../support/turn-process.ts'

let turn: TurnProcess
before(async () => {
  turn = await TurnProcess.start()
})
after(() => turn.stop())

const prove = (options: Partial<Parameters<typeof proveRelay>[0]> = {}): Promise<Proof> =>
  proveRelay({ ...turn.address, ...turn.login(), timeoutMs: 5000, ...options })

const failure = async (proof: Promise<Proof>): Promise<string> => {
  const result = await proof
  assert.ok(!result.ok)
  assert.ok(result.message.length > 30 && !/\d+\.\d+\.\d+\.\d+/.test(result.message), result.message)
  return `${result.step} ${result.code}`
}

test('a server that works is proved, by address and by name, and nothing stays allocated', async () => {
  for (const host of ['127.0.0.1', 'localhost', '::1']) {
    const proof = await prove({ host })
    assert.ok(proof.ok && proof.rttMs > 0, JSON.stringify(proof))
  }
  await turn.until(({ counts }) => counts.allocations === 0)
})

test('behind 1:1 NAT whose public address does not come back, two clients reach each other', async (t) => {
  const publicIpv4 = '203.0.113.7'
  const server = await TurnProcess.start({ config: (c) => ({ ...c, relay: { ...c.relay, publicIpv4 } }) })
  t.after(() => server.stop())
  const proof = await proveRelay({ ...server.address, ...server.login(), timeoutMs: 5000 })
  assert.ok(proof.ok, JSON.stringify(proof))
})

test('each failure is named', async (t) => {
  const silent = await udpSocket('127.0.0.1')
  const { port } = silent.address()
  const soon = { timeoutMs: 300 }
  assert.equal(
    await failure(prove({ host: 'no-such-name.invalid', ...soon })).then((text) => text.split(' ')[0]),
    'resolve',
  )
  assert.equal(await failure(prove({ port, ...soon })), 'binding TIMEOUT')
  silent.close()
  assert.equal(await failure(prove({ port })), 'binding ECONNREFUSED')
  const other = turnCredential(newTurnSecret(), Math.floor(Date.now() / 1000) + 600)
  assert.equal(await failure(prove(other)), 'allocate 401')
  assert.equal(await failure(prove(turn.login(-10))), 'allocate 401')
  const aborted = AbortSignal.abort()
  assert.equal(await failure(prove({ signal: aborted })).then((text) => text.split(' ')[1]), 'TIMEOUT')
  const full = await TurnProcess.start({ config: (c) => ({ ...c, limits: { ...c.limits, allocations: 1 } }) })
  t.after(() => full.stop())
  assert.equal(await failure(proveRelay({ ...full.address, ...full.login(), timeoutMs: 5000 })), 'allocate 486')
  await full.until(({ counts }) => counts.allocations === 0)
})
