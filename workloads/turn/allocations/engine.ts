/**
 * The TURN server without its sockets (RFC 8656): bytes of clients and peers come in, calls of `ClientTransport` and
 * `RelaySocket` go out, and time and randomness are given to it.
 */
import { SourceBuckets, type SourceLimits } from '../../kit/limits/token-bucket.ts'
import type { Authenticator, Refusal } from '../auth/authenticate.ts'
import type { Identity } from '../auth/credentials.ts'
import { attributes, mustBeRefused } from '../stun/attributes.ts'
import { type Attribute, buildMessage } from '../stun/build.ts'
import { channelHeaderLength } from '../stun/channel-data.ts'
import { type ErrorCode, errorCodes } from '../stun/error-codes.ts'
import { type Message, parseMessage } from '../stun/message.ts'
import { classes, type MethodName, methods } from '../stun/types.ts'
import { errorCode, text, unknownAttributes } from '../stun/values.ts'
import { xorAddress } from '../stun/xor-address.ts'
import type { Allocation, ClientSide, ClientTransport } from './allocation.ts'
import { FiveTuples } from './five-tuples.ts'
import type { DropReason, Observer } from './observer.ts'
import type { Answer, Services } from './requests/request.ts'
import { requests } from './requests/table.ts'
import { relayIndication } from './send-indication.ts'

export type EngineOptions = {
  services: Services
  authenticator: Authenticator
  unauthenticatedAnswers: SourceLimits
  observer: Observer
  /** Leaves Binding requests unanswered. */
  relayOnly: boolean
  /** Monotonic milliseconds. */
  now: () => number
}

type Client = { address: string; port: number }
type Exchange = { message: Message; side: ClientSide; client: Client; method: MethodName }

export class TurnEngine {
  #options: EngineOptions
  #buckets: SourceBuckets

  constructor(options: EngineOptions) {
    this.#options = options
    this.#buckets = new SourceBuckets(options.unauthenticatedAnswers)
  }

  /** A new listener, or a new connection of one: its clients are told apart by address and port. */
  attach(transport: ClientTransport): ClientSide {
    return new FiveTuples(transport)
  }

  /** The client's connection has ended, and its allocation with it. */
  disconnected(side: ClientSide, address: string, port: number): void {
    const allocation = side.find(address, port)
    if (allocation) this.#options.services.registry.remove(allocation)
  }

  /** One message of a client, told apart by the first byte (RFC 8656 §12.5). */
  receive(side: ClientSide, bytes: Buffer, address: string, port: number): void {
    const first = bytes[0] ?? 0xff
    const reason = first < 0x40 ? this.#stun(side, bytes, { address, port }) : this.#data(side, bytes, address, port)
    if (reason) this.#options.observer.dropped(reason)
  }

  #data(side: ClientSide, bytes: Buffer, address: string, port: number): DropReason | null {
    if (bytes.length < channelHeaderLength || bytes[0]! > 0x7f) return 'type'
    const allocation = this.#live(side, address, port)
    return allocation ? this.#options.services.dataPath.fromClient(allocation, bytes) : 'no-allocation'
  }

  /** Removes what has expired; call it about once a second. */
  sweep(): void {
    const now = this.#options.now()
    this.#options.services.registry.sweep(now)
    this.#options.services.reservations.sweep(now)
  }

  #live(side: ClientSide, address: string, port: number): Allocation | undefined {
    const allocation = side.find(address, port)
    if (!allocation || allocation.expiresAt > this.#options.now()) return allocation
    this.#options.services.registry.remove(allocation)
    return undefined
  }

  #stun(side: ClientSide, bytes: Buffer, client: Client): DropReason | null {
    const message = parseMessage(bytes)
    if (typeof message === 'string') return message
    if (message.class === classes.indication) {
      const allocation = this.#live(side, client.address, client.port)
      return relayIndication(message, allocation, this.#options.services.dataPath)
    }
    // Answering an answer would let two servers keep each other busy.
    if (message.class !== classes.request) return 'class'
    if (message.method === methods.binding) return this.#binding({ message, side, client, method: 'binding' })
    return this.#request(side, message, client)
  }

  #binding(exchange: Exchange): DropReason | null {
    if (this.#options.relayOnly) return 'relay-only'
    const { message, client } = exchange
    const value = xorAddress(client, message.transactionId)
    return this.#answer(
      exchange,
      refuseUnknown(message) ?? { attributes: [{ type: attributes.xorMappedAddress, value }] },
    )
  }

  #request(side: ClientSide, message: Message, client: Client): DropReason | null {
    const { authenticator, services, now } = this.#options
    const request = requests.get(message.method)
    if (!request) return 'method'
    const exchange = { message, side, client, method: request.name }
    const allocation = this.#live(side, client.address, client.port)
    const result = authenticator.authenticate(message, client, allocation?.identity)
    if ('error' in result) return this.#challenge(exchange, result)
    const { identity } = result
    const answer =
      refuseUnknown(message) ?? request.handle(services, { message, side, client, identity, allocation, now: now() })
    return this.#answer(exchange, answer, identity)
  }

  #challenge(exchange: Exchange, { error, challenge }: Refusal): DropReason | null {
    const { authenticator } = this.#options
    const extra = challenge
      ? [text(attributes.realm, authenticator.realm), text(attributes.nonce, authenticator.nonce(exchange.client))]
      : []
    return this.#answer(exchange, { error, extra })
  }

  /** Signed for who has authenticated; for everybody else no more than the source's share. */
  #answer(exchange: Exchange, answer: Answer, identity?: Identity): DropReason | null {
    const { message, side, client, method } = exchange
    const { observer, now } = this.#options
    if (!identity && !this.#buckets.take(client.address, now())) return 'rate'
    const failed = 'error' in answer
    observer.answered(method, failed ? answer.error : 'success', identity !== undefined)
    const bytes = buildMessage({
      method: message.method,
      class: failed ? classes.error : classes.success,
      transactionId: message.transactionId,
      attributes: failed ? refusalAttributes(answer) : answer.attributes,
      key: identity?.key,
      fingerprint: message.fingerprint,
    })
    return side.transport.send(bytes, client.port, client.address) ? null : 'queue'
  }
}

type Refused = { error: ErrorCode; extra?: Attribute[] }

const refusalAttributes = ({ error, extra = [] }: Refused): Attribute[] => [errorCode(error), ...extra]

/** 420 with the types that were not understood (RFC 8489 §6.3.1); null when all were. */
const refuseUnknown = (message: Message): Refused | null => {
  const unknown = [...message.attributes.keys()].filter(mustBeRefused)
  return unknown.length > 0 ? { error: errorCodes.unknownAttribute, extra: [unknownAttributes(unknown)] } : null
}
