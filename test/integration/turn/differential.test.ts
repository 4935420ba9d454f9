// The same requests to coturn and to this server: what they answer, and each difference with its reason.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { longTermKey } from '../../../workloads/contract/credential.ts'
import { signingKey } from '../../../workloads/contract/keyring.ts'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { type Attribute, buildMessage } from '../../../workloads/turn/stun/build.ts'
import { parseMessage } from '../../../workloads/turn/stun/message.ts'
import { classes, type MessageClass, methods } from '../../../workloads/turn/stun/types.ts'
import { lifetime, text } from '../../../workloads/turn/stun/values.ts'
import { Coturn } from '../../support/coturn.ts'
import { missing } from '../../support/oracle.ts'
import { freePorts } from '../../support/ports.ts'
import { channelNumber, codeOf, requestedFamily, TurnClient, udpTransport } from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

const skip = missing('turnserver')

type Answer = 'success' | 'none' | number
/** What one server answers to the steps of a case, in order. */
type Case = (client: TurnClient) => Promise<Answer[]>

const loopback = { address: '127.0.0.1', port: 5000 }

/** Beyond the answer to a later Binding: coturn looks keys up in a thread of its own, and answers then. */
const patienceMs = 250

/** A request as it is; the Binding after it says that the server is through, or nearly. */
const ask = async (client: TurnClient, bytes: Buffer): Promise<Answer> => {
  const id = bytes.subarray(8, 20)
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const look = (incoming: Buffer): void => {
    const message = parseMessage(Buffer.from(incoming))
    if (typeof message !== 'string' && message.transactionId.equals(id)) resolve(codeOf(message) || 'success')
  }
  client.socket.on('message', look)
  client.send(bytes)
  await client.request(methods.binding, [])
  const answer = await Promise.race([promise, wait(patienceMs, 'none' as const)])
  client.socket.off('message', look)
  return answer
}

type Request = {
  method: number
  list?: readonly Attribute[] | ((id: Buffer) => readonly Attribute[])
  credentials?: Attribute[]
  key?: Buffer | undefined
  class?: MessageClass
  id?: Buffer
}

const build = (client: TurnClient, request: Request): Buffer => {
  const id = request.id ?? randomBytes(12)
  const list = typeof request.list === 'function' ? request.list(id) : (request.list ?? [])
  return buildMessage({
    method: request.method,
    class: request.class ?? classes.request,
    transactionId: id,
    attributes: [...list, ...(request.credentials ?? client.credentials())],
    key: 'key' in request ? request.key : client.key,
  })
}

const send = (client: TurnClient, request: Request): Promise<Answer> => ask(client, build(client, request))

const peerOf =
  (client: TurnClient, ...peers: { address: string; port: number }[]) =>
  (id: Buffer): Attribute[] =>
    peers.map((peer) => client.peerAttribute(peer, id))

/** A case about Allocate, after the challenge; one about what needs an allocation, after that. */
const challenged =
  (...requests: ((client: TurnClient) => Request)[]): Case =>
  async (client) => {
    await client.challenge()
    const answers: Answer[] = []
    for (const request of requests) answers.push(await send(client, request(client)))
    return answers
  }
const allocated = (...requests: ((client: TurnClient) => Request)[]): Case =>
  challenged(() => ({ method: methods.allocate, list: [udpTransport] }), ...requests)

const { allocate, binding, channelBind, createPermission, refresh } = methods
const attribute = (type: number, ...value: number[]): Attribute => ({ type, value: Uint8Array.from(value) })
const evenPort = (reserve: boolean) => attribute(attributes.evenPort, reserve ? 0x80 : 0)
const token = attribute(attributes.reservationToken, 1, 2, 3, 4, 5, 6, 7, 8)
const additional = attribute(attributes.additionalAddressFamily, 2, 0, 0, 0)
const tcpTransport = attribute(attributes.requestedTransport, 6, 0, 0, 0)
const bindTo =
  (number: number, peer = loopback) =>
  (client: TurnClient) => ({
    method: channelBind,
    list: (id: Buffer) => [channelNumber(number), client.peerAttribute(peer, id)],
  })
const permit =
  (...peers: { address: string; port: number }[]) =>
  (client: TurnClient) => ({
    method: createPermission,
    list: peerOf(client, ...peers),
  })
const fixedId = Buffer.alloc(12, 7)

/** Where both answer the same. */
const same: Record<string, Case> = {
  Binding: async (client) => [await send(client, { method: binding, credentials: [], key: undefined })],
  'Binding with an unknown attribute': async (client) => [
    await send(client, { method: binding, list: [attribute(0x7777, 1)], credentials: [], key: undefined }),
  ],
  'Allocate without a credential': async (client) => [
    await send(client, { method: allocate, list: [udpTransport], credentials: [], key: undefined }),
  ],
  Allocate: allocated(),
  'Allocate under a wrong password': challenged((client) => ({
    method: allocate,
    list: [udpTransport],
    key: longTermKey(client.login.username, client.realm, 'wrong'),
  })),
  'Allocate for an expired user': challenged((client) => {
    const username = '1000000000'
    const key = longTermKey(username, client.realm, 'whatever')
    const credentials = [text(attributes.username, username), ...client.credentials().slice(1)]
    return { method: allocate, list: [udpTransport], credentials, key }
  }),
  'Allocate with a made-up nonce': challenged((client) => ({
    method: allocate,
    list: [udpTransport],
    credentials: [...client.credentials().slice(0, 2), text(attributes.nonce, 'AAAAAAAAAAAAAAAA')],
  })),
  'Allocate without REQUESTED-TRANSPORT': challenged(() => ({ method: allocate })),
  'Allocate with an unknown attribute': challenged(() => ({
    method: allocate,
    list: [udpTransport, attribute(0x7777, 1)],
  })),
  'Allocate for an unknown family': challenged(() => ({
    method: allocate,
    list: [udpTransport, attribute(attributes.requestedAddressFamily, 9, 0, 0, 0)],
  })),
  'Allocate retransmitted': challenged(
    () => ({ method: allocate, list: [udpTransport], id: fixedId }),
    () => ({ method: allocate, list: [udpTransport], id: fixedId }),
  ),
  'a second Allocate': allocated(() => ({ method: allocate, list: [udpTransport] })),
  'EVEN-PORT with and without R': challenged(() => ({ method: allocate, list: [udpTransport, evenPort(true)] })),
  'Allocate for IPv4': challenged(() => ({ method: allocate, list: [udpTransport, requestedFamily(4)] })),
  'Refresh, and to the end': allocated(
    () => ({ method: refresh, list: [lifetime(600)] }),
    () => ({ method: refresh, list: [lifetime(0)] }),
  ),
  'Refresh of another family': allocated(() => ({ method: refresh, list: [lifetime(600), requestedFamily(6)] })),
  'Refresh without an allocation': challenged(() => ({ method: refresh, list: [lifetime(600)] })),
  'CreatePermission for one and for two peers': allocated(
    permit(loopback),
    permit(loopback, { ...loopback, address: '127.0.0.2' }),
  ),
  'CreatePermission for nobody': allocated(permit()),
  'CreatePermission for a peer of the other family': allocated(permit({ address: '2001:4860::1', port: 1 })),
  'ChannelBind, again, and to others': allocated(
    bindTo(0x4000),
    bindTo(0x4000),
    bindTo(0x4000, { ...loopback, port: 5001 }),
    bindTo(0x4001),
    bindTo(0x4001, { ...loopback, port: 5001 }),
  ),
  'ChannelBind to numbers that are none': allocated(bindTo(0x3fff), bindTo(0x8000), bindTo(0)),
  'ChannelBind without a peer or a number': allocated(
    () => ({ method: channelBind, list: [channelNumber(0x4000)] }),
    (client) => ({ method: channelBind, list: peerOf(client, loopback) }),
  ),
  'answers are not answered': challenged(
    () => ({ method: allocate, class: classes.success, list: [udpTransport] }),
    () => ({ method: allocate, class: classes.error, list: [udpTransport] }),
    () => ({ method: binding, class: classes.indication }),
  ),
}

/** Where they differ: what coturn answers, what we do, and why that is right. */
const different: Record<string, { run: Case; coturn: Answer[]; ours: Answer[]; because: string }> = {
  'Allocate for TCP relays': {
    run: challenged(() => ({ method: allocate, list: [tcpTransport] })),
    coturn: [400],
    ours: [442],
    because: 'RFC 8656 §7.2: 442 for a transport that is not supported',
  },
  'a token that nobody gave': {
    run: challenged(() => ({ method: allocate, list: [udpTransport, token] })),
    coturn: [404],
    ours: [508],
    because: 'RFC 8656 §7.2: 508 for a token that is not in range or has expired',
  },
  'both family attributes': {
    run: challenged(() => ({ method: allocate, list: [udpTransport, requestedFamily(4), additional] })),
    coturn: ['success'],
    ours: [400],
    because: 'RFC 8656 §7.2: 400 when both are there',
  },
  'Refresh after the end': {
    run: allocated(
      () => ({ method: refresh, list: [lifetime(0)] }),
      () => ({ method: refresh, list: [lifetime(600)] }),
    ),
    coturn: ['success', 'success', 'success'],
    ours: ['success', 'success', 437],
    because: 'RFC 8656 §5: 437 without an allocation; coturn keeps the freed one for a while',
  },
  'CreatePermission and ChannelBind without an allocation': {
    run: challenged(permit(loopback), bindTo(0x4000)),
    coturn: [400, 400],
    ours: [437, 437],
    because: 'RFC 8656 §5: 437 without an allocation',
  },
  'peers that are multicast or private': {
    run: allocated(permit({ address: '224.0.0.1', port: 5000 }), permit({ address: '10.0.0.1', port: 5000 })),
    coturn: ['success', 'success', 'success'],
    ours: ['success', 403, 403],
    because: 'coturn refuses what it is configured to, this server everything but public unicast',
  },
  'channel 0x7FFF': {
    run: allocated(bindTo(0x7fff)),
    coturn: ['success', 'success'],
    ours: ['success', 400],
    because: 'RFC 5766 §11 reserved 0x7FFF, RFC 8656 §12 everything from 0x5000 on',
  },
}

describe('coturn and this server', { skip }, () => {
  let turn: TurnProcess
  let coturn: Coturn

  before(async () => {
    const limits = { allocationsPerCredential: 1000, allocationsPerIP: 1000 }
    turn = await TurnProcess.start({
      config: (config) => ({
        ...config,
        limits: { ...config.limits, ...limits },
        relay: { ...config.relay, max: 57_000 },
      }),
    })
    const [port] = await freePorts(1)
    coturn = await Coturn.start({
      port: port!,
      secret: signingKey(turn.keyring).secret,
      realm: turn.config.realm,
      relay: { min: 57_001, max: 65_535 },
    })
  })
  after(async () => {
    await coturn?.stop()
    await turn?.stop()
  })

  const answers = async (run: Case): Promise<{ coturn: Answer[]; ours: Answer[] }> => {
    const of = async (port: number) => {
      const client = await TurnClient.open({ host: '127.0.0.1', port }, turn.login())
      try {
        return await run(client)
      } finally {
        client.close()
      }
    }
    const [theirs, ours] = await Promise.all([of(coturn.port), of(turn.address.port)])
    return { coturn: theirs, ours }
  }

  for (const [name, run] of Object.entries(same))
    test(`the same: ${name}`, async () => {
      const { coturn: theirs, ours } = await answers(run)
      assert.deepEqual(ours, theirs)
    })

  for (const [name, { run, because, ...expected }] of Object.entries(different))
    test(`different: ${name} (${because})`, async () => {
      assert.deepEqual(await answers(run), expected)
    })
})
