// A connection that gives nothing, or never finishes what it says, or never reads, costs a bounded time and memory.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { eventually } from '../../../test/support/eventually.ts'
import { freePorts } from '../../../test/support/ports.ts'
import { EngineBench } from '../../../test/support/turn-engine.ts'
import { buildMessage } from '../stun/build.ts'
import { classes, methods } from '../stun/types.ts'
import { type CloseReason, StreamConnection, streamLimits } from './stream-connection.ts'

const at = { address: '198.51.100.1', port: 4000 }

const pair = async (t: TestContext): Promise<{ client: Socket; server: Socket }> => {
  const [port] = await freePorts(1)
  const listener = createServer().listen(port, '127.0.0.1')
  await once(listener, 'listening')
  const client = connect(port!, '127.0.0.1').on('error', () => undefined)
  const [server] = (await once(listener, 'connection')) as [Socket]
  t.after(() => {
    client.destroy()
    server.destroy()
    listener.close()
  })
  return { client, server }
}

const serve = async (t: TestContext) => {
  const bench = new EngineBench()
  const { client, server } = await pair(t)
  const closed: CloseReason[] = []
  const connection = new StreamConnection({
    socket: server,
    protocol: 'tcp',
    engine: bench.engine,
    client: at,
    source: at.address,
    now: 0,
    closed: (reason) => void closed.push(reason),
  })
  return { bench, client, server, connection, closed }
}

const binding = buildMessage({
  method: methods.binding,
  class: classes.request,
  transactionId: Buffer.alloc(12),
  attributes: [],
})

test('a connection without an allocation ends after its time', async (t) => {
  const { client, connection, closed } = await serve(t)
  client.write(binding)
  await once(client, 'data')
  connection.sweep(streamLimits.idle)
  assert.deepEqual(closed, [])
  connection.sweep(streamLimits.idle + 1)
  await eventually(() => assert.deepEqual(closed, ['idle']))
})

test('a message that comes byte by byte ends the connection, however busy it was before', async (t) => {
  const { client, server, connection, closed } = await serve(t)
  client.write(Buffer.concat([binding, binding.subarray(0, 3)]))
  await once(client, 'data')
  connection.sweep(1000)
  client.write(binding.subarray(3, 5))
  await eventually(() => assert.equal(server.bytesRead, binding.length + 5))
  connection.sweep(1000 + streamLimits.message)
  assert.deepEqual(closed, [])
  connection.sweep(1001 + streamLimits.message)
  await eventually(() => assert.deepEqual(closed, ['half-message']))
})

/** Takes everything and passes nothing on, as the system does for a client that does not read. */
class StuckSocket extends Duplex {
  override _read(): void {}
  override _write(): void {}
  setNoDelay(): void {}
}

test('a client that does not read loses answers, and the server no memory', () => {
  const bench = new EngineBench()
  const socket = new StuckSocket()
  const connection = new StreamConnection({
    socket: socket as unknown as Socket,
    protocol: 'tcp',
    engine: bench.engine,
    client: at,
    source: at.address,
    now: 0,
    closed: () => undefined,
  })
  const many = Buffer.concat(Array.from({ length: 1000 }, () => binding))
  for (let round = 0; round < 20; round++) socket.emit('data', many)
  assert.ok(socket.writableLength <= streamLimits.queue + 100)
  assert.ok(bench.drops.length > 10_000)
  assert.ok(bench.drops.every((reason) => reason === 'queue'))
  connection.close('stopped')
})
