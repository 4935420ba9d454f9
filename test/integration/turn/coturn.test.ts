/** The TURN workload with coturn as its engine, told what to do by the same files as the other. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { TurnConfig } from '../../../workloads/contract/turn-config.ts'
import { TurnClient as StreamClient } from '../../../workloads/turn/client/client.ts'
import { proveRelay } from '../../../workloads/turn/client/prove.ts'
import { rangeOf } from '../../../workloads/turn/coturn/peers.ts'
import { coturnFiles } from '../../../workloads/turn/coturn/settings.ts'
import { deniedPrefixes } from '../../../workloads/turn/peers/denied-prefixes.ts'
import { wellKnownForms } from '../../../workloads/turn/peers/embedded-ipv4.ts'
import { certificateAt, selfSignedCertificate } from '../../support/certificate.ts'
import { eventually } from '../../support/eventually.ts'
import { missing } from '../../support/oracle.ts'
import { turnCall } from '../../support/turn-call.ts'
import { allocateAndEcho, codeOf, requestedFamily, TurnClient } from '../../support/turn-client.ts'
import { newTurnSecret, TurnProcess, type TurnProcessOptions } from '../../support/turn-process.ts'

const skip = missing('turnserver')

const start = (options: TurnProcessOptions = {}): Promise<TurnProcess> =>
  TurnProcess.start({ ...options, engine: 'coturn' })

const processOf = (server: TurnProcess): number =>
  Number(readFileSync(join(server.dir, 'data', coturnFiles.process), 'utf8'))

describe('coturn', { skip, concurrency: true }, () => {
  describe('one that serves', { concurrency: 1 }, () => {
    let turn: TurnProcess
    before(async () => {
      turn = await start()
    })
    after(() => turn?.stop())

    test('it relays for a credential of the ring, in both families, and counts the relays', async (t) => {
      for (const host of ['127.0.0.1', '::1'])
        await allocateAndEcho({ ...turn.address, host, ...turn.login(), peerAddress: '127.0.0.1' })
      const running = await turnCall(t, turn)
      await running.echo()
      await turn.until(({ counts }) => counts.relays === 1)
      assert.match(await turn.management('/metrics'), /^chatmail_turn_relays 1$/m)
      await running.client.refresh(0)
      await turn.until(({ counts }) => counts.relays === 0)
    })

    test('a new key is used at once, the removed one no more, and calls go on, all in one process', async (t) => {
      const [old, process] = [turn.login(), processOf(turn)]
      const running = await turnCall(t, turn, old)
      await turn.rotate({ generation: 2, keys: [{ id: 'k2', secret: newTurnSecret(), role: 'sign', since: 2 }] })
      await allocateAndEcho({ ...turn.address, ...turn.login() })
      await assert.rejects(allocateAndEcho({ ...turn.address, ...old }), /401/)
      await running.echo()
      assert.equal(codeOf(await running.client.refresh(600)), 0)
      await running.client.refresh(0)
      assert.equal(processOf(turn), process)
    })

    test('a revoked key ends the calls that are there, and the new one works', async (t) => {
      const [running, old, process] = [await turnCall(t, turn), turn.login(), processOf(turn)]
      await running.echo()
      const next = { id: 'k3', secret: newTurnSecret(), role: 'sign' as const, since: 3 }
      await turn.rotate({
        ...turn.keyring,
        generation: 3,
        keys: [next],
        revoked: turn.keyring.keys.map(({ id }) => id),
      })
      await eventually(() => allocateAndEcho({ ...turn.address, ...turn.login() }))
      assert.notEqual(processOf(turn), process)
      assert.notEqual(codeOf(await running.client.refresh(600)), 0)
      await assert.rejects(allocateAndEcho({ ...turn.address, ...old }), /401/)
    })

    test('a port that is taken ends it as with the other engine', async () => {
      const port = turn.config.listen.port
      const taken = start({ config: (config) => ({ ...config, listen: { ...config.listen, port } }) })
      await assert.rejects(taken, /ended with 69: .*taken by another process/s)
    })

    test('No-Log: nothing of a client in what it says, and no secret where others see it', async (t) => {
      const running = await turnCall(t, turn)
      await running.echo()
      await assert.rejects(allocateAndEcho({ ...turn.address, ...turn.login(-5) }), /401/)
      const said = turn.output + (await turn.management('/metrics')) + (await turn.management('/state'))
      const { username, password } = turn.login()
      const secret = turn.keyring.keys[0]!.secret
      for (const word of ['127.0.0.1', '::1', username.slice(0, 6), password, secret]) assert.ok(!said.includes(word))
      assert.doesNotMatch(said, new RegExp(`\\b(${running.client.socket.address().port}|${running.relayed.port})\\b`))
      const seen = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${processOf(turn)}/${name}`, 'latin1'))
      for (const text of seen) assert.ok(!text.includes(secret))
      const data = join(turn.dir, 'data')
      const files = readdirSync(data)
      assert.deepEqual(
        files.filter((name) => name.startsWith('turnserver.') && !/\.(conf|pid|sqlite(-wal|-shm)?)$/.test(name)),
        [],
      )
      for (const name of files.filter((file) => /conf$|sqlite|tls/.test(file)))
        assert.equal(statSync(join(data, name)).mode & 0o777, 0o600, name)
      await running.client.refresh(0)
    })
  })

  test('what is denied by default is refused in each form, and so is what the place around adds', async (t) => {
    const server = await start({ config: (config) => ({ ...config, peers: { deny: ['9.8.0.0/16'], allow: [] } }) })
    t.after(() => server.stop())
    const clients = await Promise.all(
      ([4, 6] as const).map(async (family) => {
        const client = await TurnClient.open(server.address, server.login())
        t.after(() => client.close())
        assert.equal(codeOf(await client.allocate([requestedFamily(family)])), 0)
        return client
      }),
    )
    const permit = async (address: string): Promise<number> =>
      codeOf(await clients[address.includes(':') ? 1 : 0]!.permit({ address, port: 5000 }))
    const denied = [...deniedPrefixes.map(([prefix]) => prefix), ...wellKnownForms, '9.8.0.0/16']
    const ends = denied.flatMap((prefix) => rangeOf(prefix)?.split('-') ?? [])
    for (const address of ['0.0.0.0', '::', ...ends])
      if (address !== '::1') assert.equal(await permit(address), 403, address)
    for (const address of ['9.9.9.9', '2620:fe::9']) assert.equal(await permit(address), 0, address)
    await server.tellPeers({ deny: ['9.9.9.0/24'], relays: ['10.1.2.3'], nat64: ['2620:fe::/96'] })
    await eventually(async () => assert.equal(await permit('10.1.2.3'), 0))
    for (const address of ['9.9.9.9', '2620:fe::9', '10.1.2.4']) assert.equal(await permit(address), 403, address)
  })

  test('drain: no new calls, the running one goes on to its end, then both processes end', async (t) => {
    const server = await start({ config: (config) => ({ ...config, drain: { deadline: 60 } }) })
    t.after(() => server.stop())
    const running = await turnCall(t, server)
    server.signal('SIGTERM')
    await server.until(({ draining }) => draining)
    await assert.rejects(allocateAndEcho({ ...server.address, ...server.login() }), /401/)
    await running.echo()
    assert.equal(codeOf(await running.client.refresh(600)), 0)
    await running.echo()
    const process = processOf(server)
    await running.client.refresh(0)
    assert.equal(await server.exited, 0)
    assert.match(server.output, /"ended":"empty","cut":0/)
    assert.throws(() => globalThis.process.kill(process, 0), /ESRCH/)
  })

  test('behind 1:1 NAT two clients of the server meet at its public address', async (t) => {
    const config = (base: TurnConfig) => ({
      ...base,
      relay: { ...base.relay, ipv6: null, publicIpv4: '203.0.113.7' },
      peers: { deny: [], allow: [] },
    })
    const server = await start({ config })
    t.after(() => server.stop())
    const proof = await proveRelay({ ...server.address, ...server.login(), timeoutMs: 10_000 })
    assert.ok(proof.ok, JSON.stringify(proof))
  })

  test('TLS on the port that UDP is on, with the certificate that is mounted now', async (t) => {
    const server = await start({ certificate: await selfSignedCertificate(['chat.example.org']) })
    t.after(() => server.stop())
    const link = { protocol: 'tls', address: '127.0.0.1', port: server.address.port, tls: { verify: false } } as const
    const client = await StreamClient.connect({
      ...link,
      credential: server.login(),
      signal: AbortSignal.timeout(20_000),
    })
    t.after(() => client.release())
    assert.equal((await client.allocate()).relayed.address, '127.0.0.1')
    const renewed = await selfSignedCertificate(['chat.example.org'])
    server.certify(renewed)
    await eventually(async () => assert.equal(await certificateAt(server.address.port), renewed.cert))
    await client.refresh(600)
  })

  test('quotas of the configuration hold', async (t) => {
    const limits = { allocationsPerCredential: 2 }
    const config = (base: TurnConfig) => ({ ...base, limits: { ...base.limits, ...limits } })
    const server = await start({ config })
    t.after(() => server.stop())
    const login = server.login()
    for (const expected of [0, 0, 486]) {
      const client = await TurnClient.open(server.address, login)
      t.after(() => client.close())
      assert.equal(codeOf(await client.allocate()), expected)
    }
  })

  test('it ends with the workload, however that ends, and the workload with it', async (t) => {
    const killed = await start()
    const process = processOf(killed)
    await killed.stop()
    await eventually(async () => assert.throws(() => globalThis.process.kill(process, 0), /ESRCH/))
    const server = await start()
    t.after(() => server.stop())
    globalThis.process.kill(processOf(server), 'SIGKILL')
    assert.equal(await server.exited, 1)
    assert.match(server.output, /turnserver ended by itself: SIGKILL/)
  })
})
