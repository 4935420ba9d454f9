// What real clients have said to a relay is said to it again: it answers as it did, byte by byte.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { irohConfig } from '../../../workloads/contract/iroh-config.ts'
import { assembleIroh } from '../../../workloads/iroh/assemble.ts'
import { eventually } from '../../support/eventually.ts'
import { afterHead, connectionsOf, headOf, type Recording, saidBy } from '../../support/iroh-recording.ts'

const recordings = globSync('recorded/*.json', { cwd: import.meta.dirname }).map(
  (file) => JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as Recording,
)

/** The challenges that the relay made, in order: the WebSocket messages of 17 bytes with type 0 that follow an upgrade. */
const challengesOf = (recording: Recording): Buffer[] =>
  connectionsOf(recording)
    .map((connection) => afterHead(saidBy(recording, connection, 'relay')))
    .filter((bytes) => bytes.subarray(0, 3).equals(Buffer.from('821100', 'hex')))
    .map((bytes) => bytes.subarray(3, 19))

const startRelay = async (challenges: Buffer[]) => {
  const config = irohConfig.parse({ listen: { http: 1, https: null }, management: { port: 2 }, drain: { spread: 0 } })
  const relay = assembleIroh(config, new Registry(), (size: number) =>
    size === 16 ? challenges.shift()! : randomBytes(size),
  )
  const accepted: Socket[] = []
  const server = createServer((socket) => {
    accepted.push(socket)
    relay.front.accept(socket, 'direct')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const stop = async (): Promise<void> => {
    server.close()
    await relay.stop()
    for (const socket of accepted) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, accepted, stop }
}

type Replayed = { socket: Socket; accepted: Socket; received: Buffer; sent: number }

const replay = async (recording: Recording): Promise<Map<number, Buffer>> => {
  const relay = await startRelay(challengesOf(recording))
  const connections = new Map<number, Replayed>()
  const expected = new Map<number, number>()
  const open = async (connection: number): Promise<Replayed> => {
    const socket = connect({ port: relay.port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const accepted = await eventually(() => {
      assert.equal(relay.accepted.length, connections.size + 1)
      return relay.accepted.at(-1)!
    })
    const replayed = { socket, accepted, received: Buffer.alloc(0), sent: 0 }
    socket.on('data', (chunk) => {
      replayed.received = Buffer.concat([replayed.received, chunk])
    })
    connections.set(connection, replayed)
    return replayed
  }
  try {
    for (const { connection, by, bytes } of recording.said) {
      const piece = Buffer.from(bytes, 'base64')
      if (by === 'relay') {
        expected.set(connection, (expected.get(connection) ?? 0) + piece.length)
        continue
      }
      // Nothing is said before what the relay had said until then, and nothing while something is not read.
      const replayed = connections.get(connection) ?? (await open(connection))
      await eventually(() => {
        for (const [other, length] of expected) assert.ok(connections.get(other)!.received.length >= length)
      })
      replayed.socket.write(piece)
      replayed.sent += piece.length
      await eventually(() => assert.equal(replayed.accepted.bytesRead, replayed.sent))
    }
    await eventually(() => {
      for (const [connection, length] of expected) assert.ok(connections.get(connection)!.received.length >= length)
    })
    return new Map([...connections].map(([connection, { received }]) => [connection, received]))
  } finally {
    for (const { socket } of connections.values()) socket.destroy()
    await relay.stop()
  }
}

for (const recording of recordings)
  test(`${recording.library}: recorded sessions`, async () => {
    assert.ok(recording.said.length > 20)
    const answers = await replay(recording)
    for (const connection of connectionsOf(recording)) {
      const [then, now] = [saidBy(recording, connection, 'relay'), answers.get(connection)!]
      const withoutDate = (bytes: Buffer) => headOf(bytes).replace(/\r\nDate: .*/, '')
      assert.equal(withoutDate(now), withoutDate(then))
      // The recording ends in the middle of a conversation: an answer to its last words may have come after it.
      const before = afterHead(then)
      assert.deepEqual(afterHead(now).subarray(0, before.length), before)
    }
  })

test('there are recordings of both generations', () => {
  assert.deepEqual(recordings.map(({ library }) => library).sort(), ['Iroh 0.35', 'Iroh 1.x'])
})
