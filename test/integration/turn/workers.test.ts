// Several threads on one port: every client stays with its thread, quotas count over all, and the process speaks for all.
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { TurnConfig } from '../../../workloads/contract/turn-config.ts'
import { proveRelay } from '../../../workloads/turn/client/prove.ts'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { addressIn, codeOf, echoPeer, TurnClient, udpSocket } from '../../support/turn-client.ts'
import { newTurnSecret, TurnProcess } from '../../support/turn-process.ts'

const workers = 3
const clients = 120

const threaded =
  (change: (config: TurnConfig) => Partial<TurnConfig> = () => ({})) =>
  (config: TurnConfig): TurnConfig => ({
    ...config,
    workers,
    limits: { ...config.limits, allocationsPerCredential: 1000, allocationsPerIP: 1000 },
    ...change(config),
  })

let turn: TurnProcess
before(async () => {
  turn = await TurnProcess.start({ config: threaded() })
})
after(() => turn.stop())

const open = async (t: TestContext, server: TurnProcess = turn, from = '127.0.0.1'): Promise<TurnClient> => {
  const client = new TurnClient(await udpSocket(from), server.address, server.login())
  t.after(() => client.close())
  return client
}

/** Ports are dealt out by pairs; the first share is that of TCP and TLS. */
const threadOf = (port: number): number => (port >> 1) % (workers + 1)

test(`${clients} clients are dealt out over all threads, and no request of theirs lands on another`, async (t) => {
  const peer = await echoPeer('127.0.0.1')
  t.after(() => peer.close())
  const served = new Set<number>()
  const all = await Promise.all(Array.from({ length: clients }, (_, index) => open(t, turn, `127.2.0.${index % 10}`)))
  for (const client of all) {
    served.add(threadOf(addressIn(await client.allocate(), attributes.xorRelayedAddress).port))
    assert.equal(codeOf(await client.bind(0x4000, peer)), 0)
  }
  assert.deepEqual([...served].sort(), [1, 2, 3])
  for (let round = 0; round < 3; round++)
    for (const [index, client] of all.entries()) {
      assert.equal(codeOf(await client.refresh(600)), 0)
      client.sendOn(0x4000, Buffer.from(`${round} ${index}`))
      assert.equal((await client.next()).data.toString(), `${round} ${index}`)
    }
  const { counts, allocationsByKey } = await turn.state()
  assert.deepEqual([counts.allocations, counts.channels, allocationsByKey], [clients, clients, { k1: clients }])
  const metrics = await turn.management('/metrics')
  assert.match(metrics, new RegExp(`chatmail_turn_allocations\\{transport="udp",family="4",key="k1"\\} ${clients}\n`))
  assert.match(metrics, new RegExp(`answers_total\\{method="refresh",code="success"\\} ${3 * clients}\n`))
  assert.match(metrics, /chatmail_turn_keyring_generation 1\n/)
  for (const client of all) await client.refresh(0)
  assert.equal((await turn.state()).counts.allocations, 0)
})

test('clients of different threads, and of TCP, reach each other', async () => {
  for (let count = 0; count < 8; count++) {
    const proof = await proveRelay({ ...turn.address, ...turn.login(), timeoutMs: 5000 })
    assert.ok(proof.ok, JSON.stringify(proof))
  }
})

test('and behind 1:1 NAT that brings nothing back', async (t) => {
  const publicIpv4 = '203.0.113.7'
  const server = await TurnProcess.start({ config: threaded(({ relay }) => ({ relay: { ...relay, publicIpv4 } })) })
  t.after(() => server.stop())
  for (let count = 0; count < 8; count++) {
    const proof = await proveRelay({ ...server.address, ...server.login(), timeoutMs: 5000 })
    assert.ok(proof.ok, JSON.stringify(proof))
  }
})

test('a new ring is in force in every thread when the state says so, and a revoked key ends everywhere', async (t) => {
  const old = await Promise.all(Array.from({ length: 12 }, () => open(t)))
  for (const client of old) assert.equal(codeOf(await client.allocate()), 0)
  const revoked = turn.keyring.keys.map(({ id }) => id)
  await turn.rotate({ generation: 2, keys: [{ id: 'k2', secret: newTurnSecret(), role: 'sign', since: 2 }], revoked })
  assert.equal((await turn.state()).counts.allocations, 0)
  for (const client of await Promise.all(Array.from({ length: 12 }, () => open(t)))) {
    assert.equal(codeOf(await client.allocate()), 0)
    await client.refresh(0)
  }
  for (const client of old) assert.equal(codeOf(await client.allocate()), 401)
})

test('a second process does not get among the threads of the first: it is told that the port is taken', async (t) => {
  const { port } = turn.config.listen
  for (const count of [1, workers]) {
    const beside = TurnProcess.start({
      config: (config) => ({ ...config, workers: count, listen: { ...config.listen, port, tcp: false } }),
    })
    t.after(() => beside.then((server) => server.stop()).catch(() => undefined))
    await assert.rejects(beside, /ended with 69: .*taken by another process/s, `${count} threads`)
  }
})

test('quotas count over all threads', async (t) => {
  const limits = { allocations: 1000, allocationsPerCredential: 10, allocationsPerIP: 1000 }
  const server = await TurnProcess.start({ config: threaded((c) => ({ limits: { ...c.limits, ...limits } })) })
  t.after(() => server.stop())
  const login = server.login()
  const answers: number[] = []
  for (let count = 0; count < 30; count++) {
    const client = await open(t, server)
    client.login = login
    answers.push(codeOf(await client.allocate()))
  }
  assert.deepEqual(
    [answers.filter((code) => code === 0).length, answers.filter((code) => code === 486).length],
    [10, 20],
  )
})

test('a drain waits for the last call of every thread, and cut calls are counted', async (t) => {
  const server = await TurnProcess.start({ config: threaded(() => ({ drain: { deadline: 600 } })) })
  t.after(() => server.stop())
  const calls = await Promise.all(Array.from({ length: 10 }, () => open(t, server)))
  for (const client of calls) await client.allocate()
  server.signal('SIGTERM')
  await server.until(({ draining }) => draining)
  for (let count = 0; count < 10; count++) assert.equal(codeOf(await (await open(t, server)).allocate()), 508)
  for (const client of calls.slice(1)) assert.equal(codeOf(await client.refresh(0)), 0)
  assert.equal(codeOf(await calls[0]!.refresh(600)), 0)
  server.signal('SIGTERM')
  assert.equal(await server.exited, 0)
  assert.match(server.output, /"ended":"told again","cut":1/)
})
