// TURN on the HTTPS port of mail, for clients whose network lets nothing else out: one port for the page, mail and calls.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { workloadState } from '../../../workloads/contract/state.ts'
import { handOverHeader } from '../../../workloads/kit/hand-over/header.ts'
import { TurnClient } from '../../../workloads/turn/client/client.ts'
import { eventually } from '../../support/eventually.ts'
import { MailProcess } from '../../support/mail-process.ts'
import { freePorts } from '../../support/ports.ts'
import { echoPeer } from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

const perIP = 3
let turn: TurnProcess
let mail: MailProcess
before(async () => {
  turn = await TurnProcess.start({
    config: (config) => ({ ...config, limits: { ...config.limits, allocationsPerIP: perIP } }),
  })
  mail = await MailProcess.start({ keyring: turn.keyring, relays: relaysAt(turn.address) })
})
after(async () => {
  await mail?.stop()
  await turn?.stop()
})

const relaysAt = (handOver: { host: string; port: number }) => ({
  turn: [{ id: 'node1', host: '127.0.0.1', port: 3478, state: 'ready' as const, handOver }],
  iroh: null,
})

/** Connections that mail carries to a relay. */
const carried = async (of: MailProcess): Promise<number> =>
  workloadState.parse(JSON.parse(await of.management('/state'))).counts.turnConnections!

const open = async (t: TestContext, protocol: 'tcp' | 'tls'): Promise<TurnClient> => {
  const client = await TurnClient.connect({
    protocol,
    address: '127.0.0.1',
    port: mail.ports.https,
    credential: turn.login(),
    signal: AbortSignal.timeout(10_000),
    tls: { verify: false },
  })
  t.after(() => client.close())
  return client
}

const secured = async (t: TestContext, alpn: string[] = [], server = mail): Promise<TLSSocket> => {
  const socket = connectTls({
    port: server.ports.https,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: alpn,
  })
  t.after(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

for (const protocol of ['tls', 'tcp'] as const)
  test(`a client on ${protocol} allocates there and relays, small and large, as the one that it is`, async (t) => {
    const client = await open(t, protocol)
    const peer = await echoPeer('127.0.0.1')
    t.after(() => peer.close())
    const got: Buffer[] = []
    client.onData = ({ data }) => void got.push(Buffer.from(data))
    assert.equal((await client.binding()).address, '127.0.0.1')
    await client.allocate()
    await client.bind(0x4000, peer)
    for (const [index, length] of [1, 1100, 9000].entries()) {
      client.sendOn(0x4000, Buffer.alloc(length, 7))
      await eventually(() => assert.equal(got[index]?.length, length))
    }
    const metrics = await turn.management('/metrics')
    assert.match(metrics, new RegExp(`chatmail_turn_allocations\\{transport="${protocol}",family="4",key="k1"\\} 1`))
    assert.equal(await carried(mail), 1)
    client.close()
    await turn.until(({ counts }) => counts.allocations === 0 && counts.connections === 0)
  })

test('a client that names TURN by ALPN gets it, before it has said a word', async (t) => {
  const socket = await secured(t, ['stun.turn'])
  assert.equal(socket.alpnProtocol, 'stun.turn')
  await turn.until(({ counts }) => counts.connections === 1)
  socket.destroy()
  await turn.until(({ counts }) => counts.connections === 0)
})

test('the page and IMAP are there as before', async (t) => {
  for (const alpn of [[], ['http/1.1']]) {
    const page = await secured(t, alpn)
    page.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    const [answer] = (await once(page, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 200/)
  }
  const imap = await secured(t, ['imap'])
  const [greeting] = (await once(imap, 'data')) as [Buffer]
  assert.match(greeting.toString(), /^\* OK/)
})

/** A connection to the relay that starts as mail's do, for a client of the test's choice. */
const handedOver = async (t: TestContext, bytes: Buffer): Promise<Socket> => {
  const socket = connect(turn.address.port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}
const now = (): number => Math.floor(Date.now() / 1000)
const header = (address: string, secret = turn.keyring.keys[0]!.secret): Buffer =>
  handOverHeader({ address, port: 4000, secure: true }, secret, now())

/** A Binding request without attributes, RFC 8489 §5. */
const binding = Buffer.from('000100002112a442000102030405060708090a0b', 'hex')

test('the relay knows each client, whoever brings it: in pieces, of both families', async (t) => {
  for (const address of ['192.0.2.9', '2001:db8::9']) {
    const socket = await handedOver(t, Buffer.alloc(0))
    for (const byte of Buffer.concat([header(address), binding])) socket.write(Buffer.of(byte))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    // XOR-MAPPED-ADDRESS: family, then the port under the cookie.
    assert.deepEqual([answer.readUInt16BE(0), answer[25]], [0x0101, address.includes(':') ? 2 : 1])
    assert.equal(answer.readUInt16BE(26) ^ 0x2112, 4000)
    socket.destroy()
  }
  await turn.until(({ counts }) => counts.connections === 0)
})

test('limits count by client and not by who brings them', async (t) => {
  for (let client = 0; client < 4 * perIP; client++) await handedOver(t, header(`192.0.2.${client}`))
  await turn.until(({ counts }) => counts.connections === 4 * perIP)
  const same: Socket[] = []
  for (let count = 0; count < 2 * perIP + 1; count++) same.push(await handedOver(t, header('198.51.100.7')))
  await turn.until(({ counts }) => counts.connections === 6 * perIP)
  await eventually(() => assert.equal(same.filter(({ closed }) => closed).length, 1))
})

test('nobody without the key speaks for others', async (t) => {
  const forged = [header('192.0.2.9', 'f'.repeat(44)), Buffer.from('\r\n\r\n nonsense'), Buffer.alloc(1000, 0x0d)]
  for (const bytes of forged) {
    const socket = await handedOver(t, bytes)
    await once(socket, 'close')
  }
  const metrics = await turn.management('/metrics')
  assert.match(metrics, new RegExp(`connections_closed_total\\{reason="hand-over"\\} ${forged.length}`))
})

test('mail outlives whatever its relay does, and the client’s connection ends', async (t) => {
  const behaviours: ((socket: Socket) => void)[] = [
    (socket) => socket.destroy(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end('nonsense'),
  ]
  const bad = createServer((socket) => behaviours.shift()?.(socket.on('error', () => undefined)))
  await once(bad.listen(0, '127.0.0.1'), 'listening')
  const { port } = bad.address() as { port: number }
  const other = await MailProcess.start({ keyring: turn.keyring, relays: relaysAt({ host: '127.0.0.1', port }) })
  t.after(() => other.stop())
  const ends = async (): Promise<void> => {
    const socket = await secured(t, [], other)
    socket.resume().write(binding)
    await once(socket, 'close')
  }
  while (behaviours.length > 0) await ends()
  bad.close()
  for (let count = 0; count < 3; count++) await ends()
  assert.equal(await carried(other), 0)
})

test('a relay that is not there is passed over', async (t) => {
  const [gone] = await freePorts(1)
  const there = relaysAt(turn.address).turn[0]!
  const missing = { ...there, id: 'node2', handOver: { host: '127.0.0.1', port: gone! } }
  const other = await MailProcess.start({ keyring: turn.keyring, relays: { turn: [missing, there], iroh: null } })
  t.after(() => other.stop())
  for (let count = 0; count < 8; count++) {
    const socket = await secured(t, [], other)
    socket.write(binding)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.equal(answer.readUInt16BE(0), 0x0101)
    socket.destroy()
  }
})
