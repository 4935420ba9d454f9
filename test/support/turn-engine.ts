/** The TURN engine with a clock, sockets and clients of the test's own: no time passes and nothing leaves the process. */
import { randomBytes } from 'node:crypto'
import { longTermKey, turnCredential } from '../../workloads/contract/credential.ts'
import { type Keyring, signingKey } from '../../workloads/contract/keyring.ts'
import { addressText, type Family } from '../../workloads/kit/address/text.ts'
import type { ClientSide, ReceiveFromPeer } from '../../workloads/turn/allocations/allocation.ts'
import { bandwidthOf } from '../../workloads/turn/allocations/bandwidth.ts'
import { DatagramPath } from '../../workloads/turn/allocations/datagram-path.ts'
import { TurnEngine } from '../../workloads/turn/allocations/engine.ts'
import { type DropReason, newTraffic, type Observer } from '../../workloads/turn/allocations/observer.ts'
import { Quotas } from '../../workloads/turn/allocations/quotas.ts'
import { Registry } from '../../workloads/turn/allocations/registry.ts'
import { wholeRange } from '../../workloads/turn/allocations/relay-ports.ts'
import { Reservations } from '../../workloads/turn/allocations/reservations.ts'
import { TransactionIds } from '../../workloads/turn/allocations/transaction-ids.ts'
import { Authenticator } from '../../workloads/turn/auth/authenticate.ts'
import { Nonces } from '../../workloads/turn/auth/nonce.ts'
import { type Alternate, alternateFor } from '../../workloads/turn/drain/alternate.ts'
import { Drain } from '../../workloads/turn/drain/drain.ts'
import type { DenyGroup } from '../../workloads/turn/peers/denied-prefixes.ts'
import { type PeerPolicy, peerPolicy } from '../../workloads/turn/peers/policy.ts'
import { attributes } from '../../workloads/turn/stun/attributes.ts'
import { type Attribute, buildMessage } from '../../workloads/turn/stun/build.ts'
import { type Message, parseMessage } from '../../workloads/turn/stun/message.ts'
import { classes, methods } from '../../workloads/turn/stun/types.ts'
import { text } from '../../workloads/turn/stun/values.ts'
import { xorAddress } from '../../workloads/turn/stun/xor-address.ts'
import { codeOf, type TurnLogin, udpTransport } from './turn-client.ts'

export type Endpoint = { address: string; port: number }
export type Sent = { relayPort: number; family: Family; data: Buffer; to: Endpoint }

const start = 1_000_000_000

export type BenchOptions = {
  limits?: Partial<{
    allocations: number
    allocationsPerCredential: number
    allocationsPerIP: number
    bandwidth: number
    bandwidthTotal: number
    permissions: number
    channels: number
  }>
  families?: readonly Family[]
  ports?: { min: number; max: number }
  answers?: { rate: number; burst: number; sources: number }
  stream?: boolean
  relayOnly?: boolean
  lifetimes?: { default: number; max: number }
}

export const ringOf = (generation: number, ...ids: string[]): Keyring => ({
  generation,
  keys: ids.map((id, index) => ({
    id,
    secret: `${id} is a secret of more than 32 characters`,
    ...(index === 0 ? { role: 'sign' as const, since: 1 } : { role: 'verify' as const }),
  })),
})

export class EngineBench {
  /** Monotonic milliseconds. */
  now = 0
  keyring = ringOf(1, 'k1')
  readonly relays = new Map<string, ReceiveFromPeer>()
  readonly taken = new Set<number>()
  readonly sentToPeers: Sent[] = []
  readonly sentToClients: { bytes: Buffer; to: Endpoint }[] = []
  readonly drops: DropReason[] = []
  readonly denied: DenyGroup[] = []
  /** What `peers.json` says of other servers. */
  alternates: Alternate[] = []
  policy: PeerPolicy
  /** Clients take nothing any more. */
  clientsFull = false
  readonly drain = new Drain()
  readonly traffic = newTraffic()
  readonly dataPath: DatagramPath
  readonly quotas: Quotas
  readonly registry: Registry
  readonly reservations: Reservations
  readonly engine: TurnEngine
  readonly side: ClientSide

  constructor(options: BenchOptions = {}) {
    const ports = options.ports ?? { min: 50_000, max: 50_099 }
    const families = options.families ?? [4, 6]
    const observer: Observer = {
      answered: () => undefined,
      dropped: (reason) => void this.drops.push(reason),
      denied: (group) => void this.denied.push(group),
      began: () => undefined,
      ended: () => undefined,
    }
    const now = () => this.now
    const relayAddresses = {
      4: families.includes(4) ? '203.0.113.7' : null,
      6: families.includes(6) ? '2a01:4f8::7' : null,
    }
    this.policy = peerPolicy({ allow: [], deny: [], own: ['203.0.113.7', '2a01:4f8::7'], relayPorts: ports })
    this.dataPath = new DatagramPath({
      ports,
      share: wholeRange,
      openSocket: (family, port, receive) => this.#open(family, port, receive),
      random: () => 0,
      told: relayAddresses,
      behind: { 4: null, 6: null },
      bandwidth: bandwidthOf(options.limits?.bandwidthTotal ?? null, 0),
      transactionIds: new TransactionIds(Buffer.alloc(12)),
      observer,
      traffic: this.traffic,
      now,
    })
    this.quotas = new Quotas({
      allocations: 100,
      allocationsPerCredential: 100,
      allocationsPerIP: 100,
      ...options.limits,
    })
    this.registry = new Registry(this.dataPath, this.quotas, observer)
    this.reservations = new Reservations(this.quotas, (relay) => this.dataPath.closeRelay(relay))
    this.engine = new TurnEngine({
      services: {
        dataPath: this.dataPath,
        registry: this.registry,
        quotas: this.quotas,
        reservations: this.reservations,
        peers: (address) => this.policy(address),
        denied: observer.denied,
        relayAddresses,
        lifetimes: options.lifetimes ?? { default: 600, max: 3600 },
        limits: {
          permissionsPerAllocation: options.limits?.permissions ?? 64,
          channelsPerAllocation: options.limits?.channels ?? 64,
          bandwidth: options.limits?.bandwidth ?? null,
        },
        draining: () => this.drain.active,
        alternate: (client) => alternateFor(this.alternates, client, () => 0),
        randomBytes,
      },
      authenticator: new Authenticator({
        realm: 'test.example',
        keyring: () => this.keyring,
        nonces: new Nonces(Buffer.alloc(32, 9), () => this.now / 1000),
        now: () => this.unix,
      }),
      unauthenticatedAnswers: options.answers ?? { rate: 1000, burst: 100_000, sources: 100 },
      relayOnly: options.relayOnly ?? false,
      observer,
      now,
    })
    this.side = this.engine.attach({
      protocol: options.stream ? 'tcp' : 'udp',
      stream: options.stream ?? false,
      send: (bytes, port, address) => {
        this.sentToClients.push({ bytes, to: { address, port } })
        return !this.clientsFull
      },
    })
  }

  /** Unix seconds. */
  get unix(): number {
    return start + this.now / 1000
  }

  /** Lets time pass as the server does: with a sweep at the end. */
  pass(seconds: number): void {
    this.now += seconds * 1000
    this.engine.sweep()
  }

  login(seconds = 86_400): TurnLogin {
    return turnCredential(signingKey(this.keyring).secret, Math.floor(this.unix) + seconds)
  }

  client(endpoint: Partial<Endpoint> = {}, login: TurnLogin = this.login()): BenchClient {
    return new BenchClient(this, { address: '198.51.100.1', port: 4000, ...endpoint }, login)
  }

  /** A datagram that a peer sends to a relay. */
  fromPeer(relay: Endpoint, data: Buffer, peer: Endpoint): void {
    this.relays.get(`${relay.address.includes(':') ? 6 : 4} ${relay.port}`)?.(data, peer.address, peer.port)
  }

  /** Everything that must be nothing when nobody is connected. */
  leftovers(): Record<string, number> {
    return {
      allocations: this.registry.size,
      relays: this.dataPath.openRelays,
      sockets: this.relays.size,
      quotas: this.quotas.tracked,
      reservations: this.reservations.size,
    }
  }

  #open(family: Family, port: number, receive: ReceiveFromPeer) {
    const name = `${family} ${port}`
    if (this.taken.has(port) || this.relays.has(name)) return 'taken' as const
    this.relays.set(name, receive)
    return {
      send: (data: Buffer, peerPort: number, address: string) =>
        void this.sentToPeers.push({ relayPort: port, family, data, to: { address, port: peerPort } }),
      close: () => void this.relays.delete(name),
    }
  }
}

export class BenchClient {
  readonly bench: EngineBench
  readonly at: Endpoint
  login: TurnLogin
  realm = ''
  nonce = ''

  constructor(bench: EngineBench, at: Endpoint, login: TurnLogin) {
    this.bench = bench
    this.at = at
    this.login = login
  }

  get key(): Buffer {
    return longTermKey(this.login.username, this.realm, this.login.password)
  }

  /** Delivers bytes and gives the bytes of the answer, null without one. */
  raw(bytes: Buffer): Buffer | null {
    const before = this.bench.sentToClients.length
    this.bench.engine.receive(this.bench.side, bytes, this.at.address, this.at.port)
    return this.bench.sentToClients[before]?.bytes ?? null
  }

  /** An unsigned request unless `key` is given; the parsed answer. @throws Error without an answer */
  ask(method: number, list: readonly Attribute[], options: { key?: Buffer; transactionId?: Buffer } = {}): Message {
    const { key, transactionId = randomBytes(12) } = options
    const answer = this.raw(buildMessage({ method, class: classes.request, transactionId, attributes: list, key }))
    const message = answer && parseMessage(answer)
    if (!message || typeof message === 'string') throw new Error(`no answer: ${this.bench.drops.at(-1)}`)
    return message
  }

  follow(answer: Message): void {
    this.realm = answer.attributes.get(attributes.realm)?.toString() ?? this.realm
    this.nonce = answer.attributes.get(attributes.nonce)?.toString() ?? this.nonce
  }

  signed(method: number, list: readonly Attribute[], transactionId = randomBytes(12)): Message {
    const credentials = [
      text(attributes.username, this.login.username),
      text(attributes.realm, this.realm),
      text(attributes.nonce, this.nonce),
    ]
    return this.ask(method, [...list, ...credentials], { key: this.key, transactionId })
  }

  allocate(extra: readonly Attribute[] = [], transactionId = randomBytes(12)): Message {
    if (this.nonce === '') this.follow(this.ask(methods.allocate, [udpTransport]))
    return this.signed(methods.allocate, [udpTransport, ...extra], transactionId)
  }

  /** The code of CreatePermission for these peers. */
  permit(...peers: Endpoint[]): number {
    const id = randomBytes(12)
    const list = peers.map((peer) => ({ type: attributes.xorPeerAddress, value: xorAddress(peer, id) }))
    return codeOf(this.signed(methods.createPermission, list, id))
  }

  bind(number: number, peer: Endpoint): number {
    const id = randomBytes(12)
    const channel = { type: attributes.channelNumber, value: Uint8Array.of(number >> 8, number & 0xff, 0, 0) }
    const address = { type: attributes.xorPeerAddress, value: xorAddress(peer, id) }
    return codeOf(this.signed(methods.channelBind, [channel, address], id))
  }

  refresh(seconds: number, extra: readonly Attribute[] = []): Message {
    const value = Buffer.alloc(4)
    value.writeUInt32BE(seconds)
    return this.signed(methods.refresh, [{ type: attributes.lifetime, value }, ...extra])
  }

  /** A Send indication. */
  sendTo(peer: Endpoint, data: Buffer, extra: readonly Attribute[] = []): void {
    const id = randomBytes(12)
    const list = [
      { type: attributes.xorPeerAddress, value: xorAddress(peer, id) },
      { type: attributes.data, value: data },
      ...extra,
    ]
    this.raw(buildMessage({ method: methods.send, class: classes.indication, transactionId: id, attributes: list }))
  }
}

/** A public peer of either family, numbered. */
export const publicPeer = (number: number, family: Family = 4): Endpoint => ({
  address:
    family === 4
      ? `9.9.${number >> 8}.${number & 0xff}`
      : addressText(Uint8Array.of(0x2a, 1, ...new Array(13).fill(0), number + 1)),
  port: 10_000 + number,
})
