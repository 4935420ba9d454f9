// Bytes answered for bytes asked, by whom nobody knows: what a forged source address could be sent. Counted at real sockets.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { type Attribute, buildMessage } from '../../../workloads/turn/stun/build.ts'
import { parseMessage } from '../../../workloads/turn/stun/message.ts'
import { classes, methods } from '../../../workloads/turn/stun/types.ts'
import { text } from '../../../workloads/turn/stun/values.ts'
import { udpSocket, udpTransport } from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

let turn: TurnProcess
// The realm is that of operator/render/turn/config.ts: every challenge carries it.
before(async () => {
  turn = await TurnProcess.start({ config: (config) => ({ ...config, realm: 'chatmail' }) })
})
after(() => turn.stop())

const hosts = ['127.0.0.1', '::1'] as const
/** Headers of IP and UDP. */
const headers = { '127.0.0.1': 20 + 8, '::1': 40 + 8 }

type Exchange = { request: Buffer; answer: Buffer }

const exchange = async (
  t: TestContext,
  host: string,
  method: number,
  list: readonly Attribute[],
  fingerprint = false,
): Promise<Exchange> => {
  const socket = await udpSocket(isIPv6(host) ? '::1' : '127.0.0.1')
  t.after(() => socket.close())
  const request = buildMessage({
    method,
    class: classes.request,
    transactionId: randomBytes(12),
    attributes: list,
    fingerprint,
  })
  const answered = once(socket, 'message')
  socket.send(request, turn.address.port, host)
  const [answer] = (await answered) as [Buffer]
  return { request, answer }
}

const typesOf = (answer: Buffer): number[] => {
  const message = parseMessage(answer)
  assert.ok(typeof message !== 'string')
  return [...message.attributes.keys()]
}

/** The header of 20 bytes, and XOR-MAPPED-ADDRESS: 4 of its own, 4 and the address (RFC 8489 §5, §14.2). */
const shortest = { '127.0.0.1': 20 + 4 + 4 + 4, '::1': 20 + 4 + 4 + 16 }

test('Binding: the address and nothing else, the shortest answer there can be; on the wire 1.25 and 1.35 times the request', async (t) => {
  for (const host of hosts) {
    for (const list of [[], [text(attributes.username, 'somebody')], [{ type: 0x8022, value: Buffer.from('stock') }]]) {
      const { answer } = await exchange(t, host, methods.binding, list)
      assert.equal(answer.length, shortest[host])
      assert.deepEqual(typesOf(answer), [attributes.xorMappedAddress])
    }
    const { request, answer } = await exchange(t, host, methods.binding, [])
    assert.equal(request.length, 20)
    assert.ok((answer.length + headers[host]) / (request.length + headers[host]) <= 1.6)
    const checked = await exchange(t, host, methods.binding, [], true)
    assert.deepEqual([checked.request.length, checked.answer.length], [28, shortest[host] + 8])
  }
})

test('Binding with an attribute that nobody knows: 1.6 times and less', async (t) => {
  for (const host of hosts)
    for (const types of [[0x7001], [0x7001, 0x7002], Array.from({ length: 100 }, (_, index) => 0x7001 + index)]) {
      const list = types.map((type) => ({ type, value: Buffer.alloc(0) }))
      const { request, answer } = await exchange(t, host, methods.binding, list)
      assert.deepEqual(typesOf(answer), [attributes.errorCode, attributes.unknownAttributes])
      assert.ok(answer.length <= 1.6 * request.length, `${types.length}: ${answer.length} for ${request.length}`)
    }
})

test('every other request: three times and less, however short it is', async (t) => {
  for (const host of hosts)
    for (const [name, method] of Object.entries(methods))
      for (const list of [[], [udpTransport]]) {
        if (name === 'binding' || name === 'send' || name === 'data') continue
        const { request, answer } = await exchange(t, host, method, list)
        assert.ok(answer.length <= 3 * request.length, `${name}: ${answer.length} for ${request.length}`)
      }
})
