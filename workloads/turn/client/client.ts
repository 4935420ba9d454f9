/** A TURN client: requests that are answered or end, and the data of peers. */
import { randomBytes } from 'node:crypto'
import type { TurnCredential } from '../../contract/credential.ts'
import type { Family, TransportAddress } from '../../kit/address/text.ts'
import { attributes } from '../stun/attributes.ts'
import type { Attribute } from '../stun/build.ts'
import { buildChannelData } from '../stun/channel-data.ts'
import type { Message } from '../stun/message.ts'
import { methods } from '../stun/types.ts'
import { channelNumber, lifetime, readErrorCode, requestedFamily, udpTransport } from '../stun/values.ts'
import { readXorAddress } from '../stun/xor-address.ts'
import { type Link, type LinkOptions, openLink } from './link.ts'
import { ClientSession, type Peer, peerAttribute } from './session.ts'

/** RFC 8489 §6.2.1: the first wait for an answer over UDP, doubled each time. Milliseconds. */
const firstWait = 500

/** Why a request came to nothing: the server's error code, `TIMEOUT`, `INTEGRITY`, `MALFORMED` or the system's code. */
export class TurnError extends Error {
  override name = 'TurnError'
  readonly code: string

  constructor(code: string | number) {
    super(`TURN: ${code}`)
    this.code = String(code)
  }
}

/** A peer's datagram; `channel` where it came over one. */
export type Received = { peer: TransportAddress | null; channel: number | null; data: Buffer }

export type ClientOptions = LinkOptions & { credential: TurnCredential }

type Waiting = { resolve: (message: Message) => void; reject: (error: Error) => void }
type MakeAttribute = (transactionId: Uint8Array) => Attribute

const fixed =
  (attribute: Attribute): MakeAttribute =>
  () =>
    attribute

export class TurnClient {
  /** Called with each datagram of a peer. */
  onData: (received: Received) => void = () => undefined
  #session: ClientSession
  #signal: AbortSignal
  #link: Link | undefined
  #failure: string | null = null
  #heard = false
  /** True from the first Allocate on: its answer may be lost. */
  #mayHold = false
  #waiting = new Map<string, Waiting>()

  private constructor({ credential, signal }: ClientOptions) {
    this.#session = new ClientSession(credential, randomBytes)
    this.#signal = signal
  }

  /** True once the server has said anything at all. */
  get heard(): boolean {
    return this.#heard
  }

  /** @throws TurnError */
  static async connect(options: ClientOptions): Promise<TurnClient> {
    const client = new TurnClient(options)
    const events = { message: (bytes: Buffer) => client.#take(bytes), failed: (code: string) => client.#fail(code) }
    try {
      client.#link = await openLink(options, events)
    } catch (error) {
      throw new TurnError(options.signal.aborted ? 'TIMEOUT' : ((error as NodeJS.ErrnoException).code ?? 'FAILED'))
    }
    return client
  }

  /** Requests from now on end with this signal in place of the one before. */
  until(signal: AbortSignal): void {
    this.#signal = signal
  }

  /** The client's address as the server sees it. @throws TurnError */
  async binding(): Promise<TransportAddress> {
    return this.#address(await this.#request(methods.binding, []), attributes.xorMappedAddress)
  }

  /** The relayed address and the client's own. @throws TurnError */
  async allocate(family: Family = 4): Promise<{ relayed: TransportAddress; mapped: TransportAddress }> {
    this.#mayHold = true
    const list = [fixed(udpTransport), ...(family === 6 ? [fixed(requestedFamily(6))] : [])]
    const answer = await this.#request(methods.allocate, list)
    return {
      relayed: this.#address(answer, attributes.xorRelayedAddress),
      mapped: this.#address(answer, attributes.xorMappedAddress),
    }
  }

  /** @throws TurnError */
  async permit(...peers: Peer[]): Promise<void> {
    await this.#request(methods.createPermission, peers.map(peerAttribute))
  }

  /** @throws TurnError */
  async bind(channel: number, peer: Peer): Promise<void> {
    await this.#request(methods.channelBind, [fixed(channelNumber(channel)), peerAttribute(peer)])
  }

  /** Seconds; 0 frees the allocation, also one that is gone already (RFC 8656 §8.3). @throws TurnError */
  async refresh(seconds: number): Promise<void> {
    await this.#request(methods.refresh, [fixed(lifetime(seconds))]).catch((error: unknown) => {
      if (seconds > 0 || !(error instanceof TurnError) || error.code !== '437') throw error
    })
  }

  sendTo(peer: Peer, data: Buffer): void {
    this.#link?.send(this.#session.indication(peer, data))
  }

  sendOn(channel: number, data: Buffer): void {
    if (this.#link) this.#link.send(buildChannelData(channel, data, this.#link.stream))
  }

  /** Frees the allocation, without waiting for an answer when the time is up, and closes. */
  async release(): Promise<void> {
    if (this.#signal.aborted) this.#link?.send(this.#session.request(methods.refresh, [fixed(lifetime(0))]).bytes)
    else if (this.#mayHold) await this.refresh(0).catch(() => undefined)
    this.close()
  }

  close(): void {
    this.#failure ??= 'CLOSED'
    this.#link?.close()
    this.#link = undefined
  }

  async #request(method: number, list: readonly MakeAttribute[]): Promise<Message> {
    let answer = await this.#exchange(method, list)
    // Once for the credential, once for a nonce that has become stale meanwhile.
    for (let again = 0; again < 2 && this.#session.follow(answer); again++) answer = await this.#exchange(method, list)
    const code = readErrorCode(answer)
    if (code !== 0) throw new TurnError(code)
    if (!this.#session.trusts(answer)) throw new TurnError('INTEGRITY')
    return answer
  }

  /** Sends a request again and again, over UDP, until it is answered or the time is up. */
  #exchange(method: number, list: readonly MakeAttribute[]): Promise<Message> {
    const { transactionId, bytes } = this.#session.request(method, list)
    const { promise, resolve, reject } = Promise.withResolvers<Message>()
    const signal = this.#signal
    const timedOut = () => reject(new TurnError('TIMEOUT'))
    if (signal.aborted) timedOut()
    if (this.#failure) reject(new TurnError(this.#failure))
    signal.addEventListener('abort', timedOut)
    this.#waiting.set(transactionId, { resolve, reject })
    const retransmitting = this.#retransmit(bytes)
    return promise.finally(() => {
      clearTimeout(retransmitting.timer)
      signal.removeEventListener('abort', timedOut)
      this.#waiting.delete(transactionId)
    })
  }

  #retransmit(bytes: Buffer): { timer: NodeJS.Timeout | undefined } {
    const state: { timer: NodeJS.Timeout | undefined } = { timer: undefined }
    const send = (wait: number): void => {
      this.#link?.send(bytes)
      if (!this.#link?.stream) state.timer = setTimeout(send, wait, wait * 2)
    }
    send(firstWait)
    return state
  }

  #take(bytes: Buffer): void {
    const incoming = this.#session.read(bytes)
    this.#heard ||= incoming !== null
    if (incoming?.kind === 'answer') this.#waiting.get(incoming.transactionId)?.resolve(incoming.message)
    else if (incoming?.kind === 'data') this.onData({ ...incoming, channel: null })
    else if (incoming?.kind === 'channel') this.onData({ ...incoming, peer: null })
  }

  #fail(code: string): void {
    this.#failure ??= code
    for (const { reject } of this.#waiting.values()) reject(new TurnError(code))
  }

  #address(answer: Message, type: number): TransportAddress {
    const value = answer.attributes.get(type)
    const address = value && readXorAddress(value, answer.transactionId)
    if (!address) throw new TurnError('MALFORMED')
    return address
  }
}
