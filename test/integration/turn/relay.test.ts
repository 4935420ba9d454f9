// Relaying through the TURN workload as a process, over real sockets.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { addressIn, allocateAndEcho, codeOf, echoPeer, requestedFamily, TurnClient } from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

let turn: TurnProcess
before(async () => {
  turn = await TurnProcess.start()
})
after(() => turn.stop())

test('a credential of the ring allocates and relays a datagram', async () => {
  const { relayed, echoed } = await allocateAndEcho({ ...turn.address, ...turn.login() })
  assert.equal(relayed.address, '127.0.0.1')
  assert.equal(echoed.length, 32)
})

for (const family of [4, 6] as const)
  for (const relayFamily of [4, 6] as const)
    test(`a client on IPv${family} relays over IPv${relayFamily}`, async () => {
      const server = { host: family === 4 ? '127.0.0.1' : '::1', port: turn.address.port }
      const client = await TurnClient.open(server, turn.login())
      const peer = await echoPeer(relayFamily === 4 ? '127.0.0.1' : '::1')
      try {
        const answer = await client.allocate([requestedFamily(relayFamily)])
        assert.equal(addressIn(answer, attributes.xorRelayedAddress).family, relayFamily)
        assert.equal(addressIn(answer, attributes.xorMappedAddress).port, client.socket.address().port)
        assert.equal(codeOf(await client.bind(0x4000, peer)), 0)
        client.sendOn(0x4000, Buffer.from('over the channel'))
        assert.deepEqual(await client.next(), { peer: null, channel: 0x4000, data: Buffer.from('over the channel') })
      } finally {
        client.close()
        peer.close()
      }
    })

test('datagrams of no and of one byte, and what looks like ChannelData or STUN, pass unchanged in both ways', async () => {
  const client = await TurnClient.open(turn.address, turn.login())
  const peer = await echoPeer('127.0.0.1')
  try {
    await client.allocate()
    await client.permit(peer)
    const payloads = [
      Buffer.alloc(0),
      Buffer.of(7),
      Buffer.from('4000000401020304', 'hex'),
      Buffer.alloc(20),
      Buffer.alloc(1400, 3),
    ]
    for (const data of payloads) {
      client.sendTo(peer, data)
      const { port, address } = peer
      assert.deepEqual(
        (({ peer: from, data: got }) => ({ port: from?.port, address: from?.address, got }))(await client.next()),
        { port, address, got: data },
      )
    }
    await client.bind(0x4fff, peer)
    for (const data of payloads) {
      client.sendOn(0x4fff, data)
      assert.deepEqual((await client.next()).data, data)
    }
  } finally {
    client.close()
    peer.close()
  }
})

test('two clients of one server reach each other at their relayed addresses', async () => {
  const [a, b] = await Promise.all([
    TurnClient.open(turn.address, turn.login()),
    TurnClient.open(turn.address, turn.login()),
  ])
  try {
    const relayedA = addressIn(await a.allocate(), attributes.xorRelayedAddress)
    const relayedB = addressIn(await b.allocate(), attributes.xorRelayedAddress)
    await a.permit(relayedB)
    await b.bind(0x4001, relayedA)
    a.sendTo(relayedB, Buffer.from('hello'))
    assert.deepEqual(await b.next(), { peer: null, channel: 0x4001, data: Buffer.from('hello') })
    b.sendOn(0x4001, Buffer.from('and back'))
    assert.equal((await a.next()).data.toString(), 'and back')
  } finally {
    a.close()
    b.close()
  }
})

test('an unreachable peer disturbs nobody', async () => {
  const client = await TurnClient.open(turn.address, turn.login())
  const peer = await echoPeer('127.0.0.1')
  try {
    await client.allocate()
    const gone = await echoPeer('127.0.0.1')
    gone.close()
    await client.permit(peer)
    for (let count = 0; count < 10; count++) client.sendTo(gone, Buffer.from('into the void'))
    client.sendTo(peer, Buffer.from('still there'))
    assert.equal((await client.next()).data.toString(), 'still there')
  } finally {
    client.close()
    peer.close()
  }
})
