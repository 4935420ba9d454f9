// Clients on TCP and TLS, which share the port.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import { TurnClient } from '../../../workloads/turn/client/client.ts'
import type { Protocol } from '../../../workloads/turn/client/link.ts'
import { certificateAt, selfSignedCertificate } from '../../support/certificate.ts'
import { eventually } from '../../support/eventually.ts'
import { echoPeer } from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

let turn: TurnProcess
before(async () => {
  turn = await TurnProcess.start({ certificate: await selfSignedCertificate(['chat.example.org']) })
})
after(() => turn.stop())

const open = async (t: TestContext, protocol: Protocol, address = '127.0.0.1'): Promise<TurnClient> => {
  const { port } = turn.address
  const signal = AbortSignal.timeout(10_000)
  const client = await TurnClient.connect({
    protocol,
    address,
    port,
    credential: turn.login(),
    signal,
    tls: { verify: false },
  })
  t.after(() => client.close())
  return client
}

const plain = async (t: TestContext): Promise<Socket> => {
  const socket = connect(turn.address.port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

for (const protocol of ['tcp', 'tls'] as const)
  for (const address of ['127.0.0.1', '::1'])
    test(`a client on ${protocol} at ${address} relays by indication and channel, of any length`, async (t) => {
      const client = await open(t, protocol, address)
      const peer = await echoPeer('127.0.0.1')
      t.after(() => peer.close())
      const got: Buffer[] = []
      client.onData = ({ data }) => void got.push(Buffer.from(data))
      assert.equal((await client.binding()).family, address === '::1' ? 6 : 4)
      await client.allocate()
      await client.permit(peer)
      const sent = [0, 1, 2, 3, 4, 5, 1100, 9000].map((length) => Buffer.alloc(length, length))
      for (const [index, data] of sent.entries()) {
        client.sendTo(peer, data)
        await eventually(() => assert.ok(got[index]?.equals(data)))
      }
      await client.bind(0x4000, peer)
      for (const [index, data] of sent.entries()) {
        client.sendOn(0x4000, data)
        await eventually(() => assert.ok(got[sent.length + index]?.equals(data)))
      }
      const metrics = await turn.management('/metrics')
      assert.match(metrics, new RegExp(`chatmail_turn_allocations\\{transport="${protocol}",family="4",key="k1"\\} 1`))
      client.close()
      await turn.until(({ counts }) => counts.allocations === 0 && counts.connections === 0)
    })

test('allocations on every transport reach each other', async (t) => {
  const clients = await Promise.all((['udp', 'tcp', 'tls'] as const).map((protocol) => open(t, protocol)))
  const relayed = await Promise.all(clients.map(async (client) => (await client.allocate()).relayed))
  const got = clients.map(() => new Set<string>())
  for (const [index, client] of clients.entries()) {
    client.onData = ({ data }) => void got[index]!.add(data.toString())
    await client.permit(...relayed)
  }
  for (const [index, client] of clients.entries())
    for (const to of relayed) client.sendTo(to, Buffer.from(`from ${index}`))
  for (const each of got) await eventually(() => assert.deepEqual([...each].sort(), ['from 0', 'from 1', 'from 2']))
})

test('a new certificate is used for new handshakes, and calls on the old one go on', async (t) => {
  const client = await open(t, 'tls')
  await client.allocate()
  const renewed = await selfSignedCertificate(['chat.example.org'])
  turn.certify(renewed)
  await eventually(async () => assert.equal(await certificateAt(turn.address.port), renewed.cert))
  await client.refresh(600)
})

test('what is no TURN, and a handshake that is none, are cut off at once', async (t) => {
  for (const bytes of [
    Buffer.of(0xff, 1, 2, 3),
    Buffer.of(0x16, 9, 9, 0, 4, 9, 9, 9, 9),
    Buffer.from([0, 1, 0, 1, 0]),
  ]) {
    const socket = await plain(t)
    socket.write(bytes)
    await once(socket.resume(), 'close')
  }
  const metrics = await turn.management('/metrics')
  assert.match(metrics, /connections_closed_total\{reason="framing"\} [2-9]/)
  assert.match(metrics, /connections_closed_total\{reason="tls"\} [1-9]/)
})

test('a source has no more connections than its share, and gets them back', async (t) => {
  const share = turn.config.limits.allocationsPerIP * 2
  const sockets = await Promise.all(Array.from({ length: share }, () => plain(t)))
  await turn.until(({ counts }) => counts.connections === share)
  const more = await plain(t)
  await once(more.resume(), 'close')
  for (const socket of sockets) socket.destroy()
  await turn.until(({ counts }) => counts.connections === 0)
  await (await open(t, 'tcp')).binding()
})

test('without a certificate TCP is served and TLS is not', async (t) => {
  const server = await TurnProcess.start()
  t.after(() => server.stop())
  const options = {
    address: '127.0.0.1',
    port: server.address.port,
    credential: server.login(),
    tls: { verify: false },
  }
  const signal = AbortSignal.timeout(10_000)
  const client = await TurnClient.connect({ ...options, protocol: 'tcp', signal })
  t.after(() => client.close())
  await client.allocate()
  await assert.rejects(TurnClient.connect({ ...options, protocol: 'tls', signal }), /TURN: (ECONNRESET|EPIPE)/)
})
