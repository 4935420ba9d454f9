// The TURN workload as a process: its files, its key ring, its end, and what it says about itself.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import type { TurnConfig } from '../../../workloads/contract/turn-config.ts'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { buildMessage } from '../../../workloads/turn/stun/build.ts'
import { classes } from '../../../workloads/turn/stun/types.ts'
import { turnCall } from '../../support/turn-call.ts'
import { allocateAndEcho, codeOf, TurnClient } from '../../support/turn-client.ts'
import { newTurnSecret, TurnProcess } from '../../support/turn-process.ts'

let turn: TurnProcess
before(async () => {
  turn = await TurnProcess.start()
})
after(() => turn.stop())

test('a new key is used at once, and calls of the removed one go on and are counted', async (t) => {
  const old = turn.login()
  const running = await turnCall(t, turn, old)
  await turn.rotate({ generation: 2, keys: [{ id: 'k2', secret: newTurnSecret(), role: 'sign', since: 2 }] })
  await running.echo()
  assert.equal(codeOf(await running.client.refresh(600)), 0)
  const state = await turn.state()
  assert.equal(state.allocationsByKey?.k1, 1)
  await allocateAndEcho({ ...turn.address, ...turn.login() })
  await assert.rejects(allocateAndEcho({ ...turn.address, ...old }), /401/)
  await running.client.refresh(0)
  await turn.until(({ counts }) => counts.allocations === 0 && counts.relays === 0)
})

test('mutated and random datagrams neither end it nor leave anything behind', async () => {
  const client = await TurnClient.open(turn.address, turn.login())
  await client.challenge()
  const list = [...client.credentials(), { type: attributes.requestedTransport, value: Uint8Array.of(17, 0, 0, 0) }]
  for (let round = 0; round < 2000; round++) {
    const id = randomBytes(12)
    const good = buildMessage({
      method: round % 12,
      class: classes.request,
      transactionId: id,
      attributes: list,
      key: client.key,
    })
    const bad = round % 3 === 0 ? randomBytes(round % 200) : Buffer.from(good)
    for (let change = 0; change < 3 && bad.length > 0; change++)
      bad[(round * 31 + change * 17) % bad.length]! ^= 1 << (round % 8)
    client.send(bad)
  }
  await allocateAndEcho({ ...turn.address, ...turn.login() })
  const state = await turn.until(({ counts }) => counts.allocations === 0)
  assert.equal(state.counts.relays, 0)
  client.close()
})

test('metrics count what happened', async (t) => {
  const running = await turnCall(t, turn)
  await running.echo()
  const metrics = await turn.management('/metrics')
  assert.match(metrics, /^chatmail_turn_allocations\{transport="udp",family="4",key="k2"\} 1$/m)
  assert.match(metrics, /^chatmail_turn_channels 1$/m)
  assert.match(metrics, /^chatmail_turn_answers_total\{method="allocate",code="401"\} [1-9]/m)
  assert.match(metrics, /^chatmail_turn_relayed_packets_total\{direction="to_peer"\} [1-9]/m)
  assert.match(metrics, /^chatmail_turn_dropped_total\{reason="\w+"\} [1-9]/m)
  await running.client.refresh(0)
})

test('drain: no new calls, the running one goes on to its end, then the process ends well', async (t) => {
  const server = await TurnProcess.start({ config: (config) => ({ ...config, drain: { deadline: 60 } }) })
  try {
    const running = await turnCall(t, server)
    server.signal('SIGTERM')
    await server.until(({ draining }) => draining)
    await assert.rejects(allocateAndEcho({ ...server.address, ...server.login() }), /508/)
    await running.echo()
    const refreshed = await running.client.refresh(3600)
    assert.equal(refreshed.attributes.get(attributes.lifetime)!.readUInt32BE(), 120)
    await running.echo()
    await running.client.refresh(0)
    assert.equal(await server.exited, 0)
  } finally {
    await server.stop()
  }
})

test('the deadline ends a drain', async (t) => {
  const server = await TurnProcess.start({ config: (config) => ({ ...config, drain: { deadline: 0 } }) })
  await turnCall(t, server)
  server.signal('SIGTERM')
  assert.equal(await server.exited, 0)
  assert.match(server.output, /"ended":"deadline","cut":1/)
  await server.stop()
})

test('a second SIGTERM ends a drain at once', async (t) => {
  const server = await TurnProcess.start({ config: (config) => ({ ...config, drain: { deadline: 600 } }) })
  t.after(() => server.stop())
  await turnCall(t, server)
  server.signal('SIGTERM')
  await server.until(({ draining }) => draining)
  const ready = await fetch(`http://127.0.0.1:${server.config.management.port}/readyz`)
  assert.equal(ready.status, 200, 'taking readiness away would cut the flows that a Service carries')
  server.signal('SIGTERM')
  assert.equal(await server.exited, 0)
  assert.match(server.output, /"ended":"told again","cut":1/)
})

test('a revoked key ends its calls at once', async (t) => {
  const running = await turnCall(t, turn)
  const { keyring } = turn
  const next = { id: 'k3', secret: newTurnSecret(), role: 'sign' as const, since: 3 }
  await turn.rotate({ generation: keyring.generation + 1, keys: [next], revoked: keyring.keys.map(({ id }) => id) })
  assert.equal((await turn.state()).counts.allocations, 0)
  assert.equal(codeOf(await running.client.refresh(600)), 401)
})

test('a ring that cannot be read is refused: the one before stays, and state and readiness say so', async () => {
  const { keyring } = turn
  turn.write(mountedFiles.keyring, '{"generation": 9, "keys": "rubbish"}')
  const state = await turn.until(({ loaded }) => loaded[mountedFiles.keyring]?.error !== undefined)
  assert.equal(state.loaded[mountedFiles.keyring]!.generation, keyring.generation)
  const ready = await fetch(`http://127.0.0.1:${turn.config.management.port}/readyz`)
  assert.deepEqual(
    [ready.status, await ready.text()],
    [200, 'ready: keyring.json was refused, the version before is in force\n'],
  )
  await allocateAndEcho({ ...turn.address, ...turn.login() })
  await turn.rotate({ ...keyring, generation: keyring.generation + 1 })
  assert.equal((await turn.state()).loaded[mountedFiles.keyring]!.error, undefined)
})

test('peers.json: what it denies ends for live calls, what it names as relays is let in at relay ports alone', async (t) => {
  const config = (base: TurnConfig) => ({ ...base, peers: { deny: [], allow: [] } })
  const server = await TurnProcess.start({ config })
  t.after(() => server.stop())
  const client = await TurnClient.open(server.address, server.login())
  t.after(() => client.close())
  await client.allocate()
  const other = { address: '9.9.9.9', port: 4000 }
  assert.equal(codeOf(await client.bind(0x4000, other)), 0)
  assert.equal(codeOf(await client.permit({ address: '10.1.2.3', port: 50_000 })), 403)
  await server.tellPeers({ deny: ['9.9.9.0/24'], relays: ['10.1.2.3'] })
  assert.deepEqual(
    (({ permissions, channels }) => ({ permissions, channels }))((await server.state()).counts as never),
    { permissions: 0, channels: 0 },
  )
  assert.equal(codeOf(await client.permit(other)), 403)
  assert.equal(codeOf(await client.bind(0x4001, { address: '10.1.2.3', port: 50_000 })), 0)
  assert.equal(codeOf(await client.bind(0x4002, { address: '10.1.2.3', port: 10_250 })), 403)
  assert.match(await server.management('/metrics'), /chatmail_turn_denied_peers_total\{group="cluster"\} 1/)
})

test('a port that is taken and a configuration that is wrong end it with their exit codes', async () => {
  const port = turn.config.listen.port
  const taken = TurnProcess.start({ config: (config) => ({ ...config, listen: { ...config.listen, port } }) })
  await assert.rejects(taken, /ended with 69: .*taken by another process/s)
  const relay = { ipv4: '0.0.0.0' }
  const wrong = TurnProcess.start({ config: (config) => ({ ...config, relay: { ...config.relay, ...relay } }) })
  await assert.rejects(wrong, /ended with 78: .*relay\.publicIpv4/s)
})

test('No-Log: no address, credential or port of a client in what it has said', async (t) => {
  const running = await turnCall(t, turn)
  const said = turn.output + (await turn.management('/metrics')) + (await turn.management('/state'))
  const { username, password } = turn.login()
  const clientPort = running.client.socket.address().port
  for (const secret of ['127.0.0.1', '::1', username.slice(0, 6), password, turn.keyring.keys[0]!.secret])
    assert.ok(!said.includes(secret))
  assert.doesNotMatch(said, new RegExp(`\\b(${clientPort}|${running.relayed.port})\\b`))
  assert.match(said, /"workload":"turn"/)
  await running.client.refresh(0)
})
