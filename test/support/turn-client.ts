/**
 * A TURN client for tests (RFC 8656): allocates with a credential, opens permissions and channels, relays datagrams.
 */
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, isIPv6 } from 'node:net'
import { longTermKey } from '../../workloads/contract/credential.ts'
import type { TransportAddress } from '../../workloads/kit/address/text.ts'
import { attributes } from '../../workloads/turn/stun/attributes.ts'
import { type Attribute, buildMessage } from '../../workloads/turn/stun/build.ts'
import { buildChannelData, channelDataLength } from '../../workloads/turn/stun/channel-data.ts'
import { type Message, parseMessage } from '../../workloads/turn/stun/message.ts'
import { classes, methods } from '../../workloads/turn/stun/types.ts'
import {
  channelNumber,
  readErrorCode as codeOf,
  lifetime,
  requestedFamily,
  text,
  udpTransport,
} from '../../workloads/turn/stun/values.ts'
import { readXorAddress, xorAddress } from '../../workloads/turn/stun/xor-address.ts'

export { channelNumber, codeOf, requestedFamily, udpTransport }

export type TurnServerAddress = { host: string; port: number }
export type TurnLogin = { username: string; password: string }
type Endpoint = { address: string; port: number }

const retransmitMs = 500
const attempts = 8

/** A bound UDP socket of `address`'s family. */
export const udpSocket = async (address: string): Promise<Socket> => {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', ipv6Only: isIPv6(address) })
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

const usedPorts = new Set<number>()

/** On a port that no client of this process had before: one that went without a word may have an allocation still, and 437. */
const freshSocket = async (address: string): Promise<Socket> => {
  const socket = await udpSocket(address)
  const { port } = socket.address()
  if (!usedPorts.has(port)) {
    usedPorts.add(port)
    return socket
  }
  socket.close()
  return freshSocket(address)
}

/** Something that a client received outside of an answer. */
export type Received = { peer: Endpoint | null; channel: number | null; data: Buffer }

export class TurnClient {
  readonly socket: Socket
  readonly server: TurnServerAddress
  login: TurnLogin
  realm = ''
  nonce = ''
  /** What came in as Data indication or ChannelData and nobody has taken yet. */
  readonly received: Received[] = []
  #unanswered = new Set<() => void>()
  #answers = new Map<string, (message: Message) => void>()
  #waiting: ((received: Received) => void)[] = []

  constructor(socket: Socket, server: TurnServerAddress, login: TurnLogin) {
    this.socket = socket
    this.server = server
    this.login = login
    socket.on('message', (bytes) => this.#take(bytes))
    socket.on('error', () => undefined)
  }

  /** A client on a local address that can reach the server. */
  static async open(server: TurnServerAddress, login: TurnLogin): Promise<TurnClient> {
    return new TurnClient(await freshSocket(isIPv6(server.host) ? '::' : '0.0.0.0'), server, login)
  }

  get key(): Buffer {
    return longTermKey(this.login.username, this.realm, this.login.password)
  }

  /** Sends as it is. */
  send(bytes: Buffer): void {
    this.socket.send(bytes, this.server.port, this.server.host)
  }

  /** One request as it is, retransmitted until it is answered. */
  async request(
    method: number,
    list: readonly Attribute[],
    options: { key?: Buffer; transactionId?: Buffer } = {},
  ): Promise<Message> {
    const { key, transactionId = randomBytes(12) } = options
    const bytes = buildMessage({ method, class: classes.request, transactionId, attributes: list, key })
    return this.exchange(bytes)
  }

  /** Sends a request's bytes until they are answered. @throws Error after four seconds */
  exchange(bytes: Buffer): Promise<Message> {
    const id = bytes.subarray(8, 20).toString('hex')
    return new Promise((resolve, reject) => {
      let sent = 0
      const attempt = () => {
        if (sent++ < attempts) this.send(bytes)
        else giveUp()
      }
      const giveUp = () => {
        over()
        reject(new Error('the TURN server does not answer'))
      }
      const over = () => {
        clearInterval(timer)
        this.#answers.delete(id)
        this.#unanswered.delete(giveUp)
      }
      const timer = setInterval(attempt, retransmitMs)
      this.#unanswered.add(giveUp)
      this.#answers.set(id, (message) => {
        over()
        resolve(message)
      })
      attempt()
    })
  }

  /** USERNAME, REALM, NONCE. */
  credentials(): Attribute[] {
    return [
      text(attributes.username, this.login.username),
      text(attributes.realm, this.realm),
      text(attributes.nonce, this.nonce),
    ]
  }

  /** A request with the credential; a challenge is followed once. */
  async signed(method: number, list: readonly Attribute[], transactionId = randomBytes(12)): Promise<Message> {
    const once = () => this.request(method, [...list, ...this.credentials()], { key: this.key, transactionId })
    const answer = await once()
    if (codeOf(answer) !== 438) return answer
    this.follow(answer)
    return once()
  }

  /** Takes realm and nonce of a challenge. */
  follow(challenge: Message): void {
    this.realm = challenge.attributes.get(attributes.realm)?.toString() ?? this.realm
    this.nonce = challenge.attributes.get(attributes.nonce)?.toString() ?? this.nonce
  }

  /** The first, unsigned Allocate, for its realm and nonce. */
  async challenge(): Promise<Message> {
    const answer = await this.request(methods.allocate, [udpTransport])
    this.follow(answer)
    return answer
  }

  /** Allocate as clients do it: without credentials, then with. */
  async allocate(extra: readonly Attribute[] = [], transactionId = randomBytes(12)): Promise<Message> {
    await this.challenge()
    return this.signed(methods.allocate, [udpTransport, ...extra], transactionId)
  }

  refresh(seconds: number, extra: readonly Attribute[] = []): Promise<Message> {
    return this.signed(methods.refresh, [lifetime(seconds), ...extra])
  }

  permit(...peers: Endpoint[]): Promise<Message> {
    const transactionId = randomBytes(12)
    const list = peers.map((peer) => this.peerAttribute(peer, transactionId))
    return this.signed(methods.createPermission, list, transactionId)
  }

  bind(number: number, peer: Endpoint): Promise<Message> {
    const transactionId = randomBytes(12)
    const list = [channelNumber(number), this.peerAttribute(peer, transactionId)]
    return this.signed(methods.channelBind, list, transactionId)
  }

  /** A Send indication. */
  sendTo(peer: Endpoint, data: Buffer, extra: readonly Attribute[] = []): void {
    const transactionId = randomBytes(12)
    const list = [this.peerAttribute(peer, transactionId), { type: attributes.data, value: data }, ...extra]
    this.send(buildMessage({ method: methods.send, class: classes.indication, transactionId, attributes: list }))
  }

  sendOn(channel: number, data: Buffer): void {
    this.send(buildChannelData(channel, data, false))
  }

  peerAttribute(peer: Endpoint, transactionId: Uint8Array): Attribute {
    return { type: attributes.xorPeerAddress, value: xorAddress(peer, transactionId) }
  }

  /** The next relayed datagram. @throws Error after `ms` */
  next(ms = 4000): Promise<Received> {
    const waiting = this.received.shift()
    if (waiting) return Promise.resolve(waiting)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing was relayed')), ms)
      this.#waiting.push((received) => {
        clearTimeout(timer)
        resolve(received)
      })
    })
  }

  /** What it still asks is given up. */
  close(): void {
    for (const giveUp of this.#unanswered) giveUp()
    this.socket.close()
  }

  #take(bytes: Buffer): void {
    if (bytes[0]! >= 0x40) {
      const data = bytes.subarray(4, 4 + channelDataLength(bytes))
      this.#relayed({ peer: null, channel: bytes.readUInt16BE(0), data })
      return
    }
    const message = parseMessage(bytes)
    if (typeof message !== 'string') this.#takeMessage(message)
  }

  #takeMessage(message: Message): void {
    if (message.class !== classes.indication) {
      this.#answers.get(message.transactionId.toString('hex'))?.(message)
      return
    }
    const peer = readXorAddress(message.peers[0]!, message.transactionId)
    this.#relayed({ peer, channel: null, data: message.attributes.get(attributes.data)! })
  }

  #relayed(received: Received): void {
    const waiting = this.#waiting.shift()
    if (waiting) waiting(received)
    else this.received.push(received)
  }
}

/** An address attribute of an answer. @throws Error when it is missing */
export const addressIn = (message: Message, type: number): TransportAddress => {
  const value = message.attributes.get(type)
  const address = value && readXorAddress(value, message.transactionId)
  if (!address) throw new Error(`no address in the answer, error code ${codeOf(message)}`)
  return address
}

export type EchoPeer = Endpoint & {
  /** Sends of its own accord, to a port on the same address. */
  send(data: Buffer, port: number): void
  close(): void
}

/** A peer that sends every datagram back to where it came from. */
export const echoPeer = async (address: string): Promise<EchoPeer> => {
  const socket = await udpSocket(address)
  socket.on('message', (data, sender) => socket.send(data, sender.port, sender.address))
  const { port } = socket.address() as AddressInfo
  return { address, port, send: (data, to) => socket.send(data, to, address), close: () => socket.close() }
}

/**
 * Allocates with the credential and sends a datagram through the server to a socket of this process and back. Its peer
 * is on loopback unless `peerAddress` says otherwise, so the server must allow that address.
 * @throws Error when the server refuses, with the error code, or when nothing comes back
 */
export const allocateAndEcho = async (
  options: TurnServerAddress & TurnLogin & { peerAddress?: string },
): Promise<{ relayed: Endpoint; echoed: Buffer }> => {
  const { host, port, username, password } = options
  const client = await TurnClient.open({ host, port }, { username, password })
  const peer = await echoPeer(options.peerAddress ?? (isIPv6(host) ? '::1' : '127.0.0.1'))
  try {
    const relayed = addressIn(await client.allocate(), attributes.xorRelayedAddress)
    const permitted = codeOf(await client.permit(peer))
    if (permitted !== 0) throw new Error(`CreatePermission was refused with ${permitted}`)
    const sent = randomBytes(32)
    client.sendTo(peer, sent)
    const { data } = await client.next()
    if (!data.equals(sent)) throw new Error('what came back is not what was sent')
    await client.refresh(0)
    return { relayed: { address: relayed.address, port: relayed.port }, echoed: data }
  } finally {
    client.close()
    peer.close()
  }
}
