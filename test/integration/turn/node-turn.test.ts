// What calls need, asked of this server and of the one on npm: why that one is not used stays checkable (ADR 0002, 0010).
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { longTermKey } from '../../../workloads/contract/credential.ts'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { methods } from '../../../workloads/turn/stun/types.ts'
import { text } from '../../../workloads/turn/stun/values.ts'
import { NodeTurn } from '../../support/node-turn.ts'
import { freePorts } from '../../support/ports.ts'
import {
  addressIn,
  codeOf,
  type EchoPeer,
  echoPeer,
  TurnClient,
  type TurnLogin,
  udpTransport,
} from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

/** How long something may take to be relayed on loopback before it counts as not relayed, milliseconds. */
const patienceMs = 700

const echoes = (client: TurnClient, data: Buffer): Promise<boolean> =>
  client.next(patienceMs).then(
    (received) => received.data.equals(data),
    () => false,
  )

type Ask = (client: TurnClient, peer: EchoPeer) => Promise<boolean>

/** Each is true where a call would work. */
const needs: Record<string, Ask> = {
  'data goes to the peer and back': async (client, peer) => {
    await client.allocate()
    await client.permit(peer)
    client.sendTo(peer, Buffer.from('there and back'))
    return echoes(client, Buffer.from('there and back'))
  },
  'ChannelData of the client is relayed': async (client, peer) => {
    await client.allocate()
    await client.bind(0x4000, peer)
    client.sendOn(0x4000, Buffer.from('over the channel'))
    return echoes(client, Buffer.from('over the channel'))
  },
  'an allocation survives a Refresh': async (client, peer) => {
    await client.allocate()
    await client.permit(peer)
    for (let count = 0; count < 50; count++) await client.refresh(600)
    client.sendTo(peer, Buffer.from('after the refreshes'))
    return echoes(client, Buffer.from('after the refreshes'))
  },
  'a user called constructor is refused': async (client) => {
    await client.challenge()
    const credentials = [
      text(attributes.username, 'constructor'),
      text(attributes.realm, client.realm),
      text(attributes.nonce, client.nonce),
    ]
    const key = longTermKey('constructor', client.realm, String(Object))
    return codeOf(await client.request(methods.allocate, [udpTransport, ...credentials], { key })) === 401
  },
  'a private peer is refused': async (client) => {
    await client.allocate()
    return codeOf(await client.permit({ address: '10.0.0.1', port: 4000 })) === 403
  },
  'an unknown attribute is refused with 420': async (client) => {
    await client.challenge()
    const unknown = { type: 0x7777, value: randomBytes(4) }
    return codeOf(await client.signed(methods.allocate, [udpTransport, unknown])) === 420
  },
  'EVEN-PORT gives an even port': async (client) => {
    const evenPort = { type: attributes.evenPort, value: Uint8Array.of(0) }
    return addressIn(await client.allocate([evenPort]), attributes.xorRelayedAddress).port % 2 === 0
  },
  'a datagram of no bytes from a peer ends nothing': async (client, peer) => {
    const { port } = addressIn(await client.allocate(), attributes.xorRelayedAddress)
    await client.permit(peer)
    peer.send(Buffer.alloc(0), port)
    if (!(await echoes(client, Buffer.alloc(0)))) return false
    client.sendTo(peer, Buffer.from('still there'))
    return echoes(client, Buffer.from('still there'))
  },
}

/** What node-turn does as well. */
const met = new Set(['data goes to the peer and back'])

// Together, because a server that does not answer costs its waiting time alone.
describe('what a call needs', { concurrency: true }, () => {
  let turn: TurnProcess
  let login: TurnLogin

  before(async () => {
    turn = await TurnProcess.start({ config: (config) => ({ ...config, peers: { deny: [], allow: ['127.0.0.0/8'] } }) })
    login = turn.login()
  })
  after(() => turn?.stop())

  const holds = async (need: Ask, serverPort: number): Promise<boolean> => {
    const client = await TurnClient.open({ host: '127.0.0.1', port: serverPort }, login)
    const peer = await echoPeer('127.0.0.1')
    try {
      return await Promise.race([
        need(client, peer),
        new Promise<false>((resolve) => setTimeout(resolve, 3 * patienceMs, false)),
      ])
    } catch {
      return false
    } finally {
      client.close()
      peer.close()
    }
  }

  for (const [name, need] of Object.entries(needs))
    test(`${name}: here${met.has(name) ? ' and' : ', not'} in node-turn`, async (t) => {
      assert.equal(await holds(need, turn.address.port), true)
      const relay = { min: 20_000, max: 30_000 }
      const [port] = await freePorts(1)
      const theirs = await NodeTurn.start({ port: port!, login, realm: 'test', relay })
      t.after(() => theirs.stop())
      assert.equal(await holds(need, theirs.port), met.has(name))
    })
})
