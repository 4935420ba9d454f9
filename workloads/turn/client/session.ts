/**
 * The client's side of TURN without sockets (RFC 8656, RFC 8489 §9.2): requests under a long-term credential, what comes
 * back, and data in both directions.
 */
import { longTermKey, type TurnCredential } from '../../contract/credential.ts'
import type { TransportAddress } from '../../kit/address/text.ts'
import { attributes } from '../stun/attributes.ts'
import { type Attribute, buildMessage } from '../stun/build.ts'
import { channelDataLength, channelHeaderLength } from '../stun/channel-data.ts'
import { integrityHolds } from '../stun/integrity.ts'
import { type Message, parseMessage } from '../stun/message.ts'
import { classes, methods } from '../stun/types.ts'
import { readErrorCode, text } from '../stun/values.ts'
import { readXorAddress, xorAddress } from '../stun/xor-address.ts'

export type Peer = { address: string; port: number }

/** What the server sent: an answer to a request, or a peer's datagram. */
export type Incoming =
  | { kind: 'answer'; transactionId: string; message: Message }
  | { kind: 'data'; peer: TransportAddress; data: Buffer }
  | { kind: 'channel'; channel: number; data: Buffer }

export type Outgoing = { transactionId: string; bytes: Buffer }

const errors = { unauthenticated: 401, staleNonce: 438 }

export const peerAttribute =
  (peer: Peer) =>
  (transactionId: Uint8Array): Attribute => ({
    type: attributes.xorPeerAddress,
    value: xorAddress(peer, transactionId),
  })

export class ClientSession {
  #credential: TurnCredential
  #randomBytes: (length: number) => Buffer
  #challenge: { realm: string; nonce: string; key: Buffer } | null = null

  /** `randomBytes` are unpredictable: transaction ids are made of them. */
  constructor(credential: TurnCredential, randomBytes: (length: number) => Buffer) {
    this.#credential = credential
    this.#randomBytes = randomBytes
  }

  /** A request; signed from the first challenge on, a Binding never. */
  request(method: number, list: readonly ((transactionId: Uint8Array) => Attribute)[]): Outgoing {
    const id = this.#randomBytes(12)
    const challenge = method === methods.binding ? null : this.#challenge
    const credentials = challenge
      ? [
          text(attributes.username, this.#credential.username),
          text(attributes.realm, challenge.realm),
          text(attributes.nonce, challenge.nonce),
        ]
      : []
    const bytes = buildMessage({
      method,
      class: classes.request,
      transactionId: id,
      attributes: [...list.map((attribute) => attribute(id)), ...credentials],
      key: challenge?.key,
    })
    return { transactionId: id.toString('hex'), bytes }
  }

  /**
   * Takes realm and nonce of a challenge. True when the request is worth repeating: the first 401 asks for the credential, a
   * later one says that it does not hold.
   */
  follow(answer: Message): boolean {
    const code = readErrorCode(answer)
    if (code !== errors.staleNonce && (code !== errors.unauthenticated || this.#challenge)) return false
    const realm = answer.attributes.get(attributes.realm)?.toString() ?? this.#challenge?.realm
    const nonce = answer.attributes.get(attributes.nonce)?.toString()
    if (realm === undefined || nonce === undefined) return false
    const { username, password } = this.#credential
    this.#challenge = { realm, nonce, key: longTermKey(username, realm, password) }
    return true
  }

  /** False when a success is not signed with this credential: another server answers, or somebody in between. */
  trusts(answer: Message): boolean {
    if (answer.class !== classes.success || answer.method === methods.binding) return true
    return this.#challenge !== null && integrityHolds(answer, this.#challenge.key)
  }

  /** A Send indication. */
  indication(peer: Peer, data: Buffer): Buffer {
    const id = this.#randomBytes(12)
    const list = [peerAttribute(peer)(id), { type: attributes.data, value: data }]
    return buildMessage({ method: methods.send, class: classes.indication, transactionId: id, attributes: list })
  }

  /** One message of the server; null for what is none. */
  read(bytes: Buffer): Incoming | null {
    if (bytes.length === 0) return null
    return bytes[0]! < 0x40 ? this.#readMessage(bytes) : this.#readChannelData(bytes)
  }

  #readChannelData(bytes: Buffer): Incoming | null {
    const length = channelDataLength(bytes)
    if (length < 0 || bytes[0]! > 0x7f) return null
    const data = bytes.subarray(channelHeaderLength, channelHeaderLength + length)
    return { kind: 'channel', channel: bytes.readUInt16BE(0), data }
  }

  #readMessage(bytes: Buffer): Incoming | null {
    const message = parseMessage(bytes)
    if (typeof message === 'string' || message.class === classes.request) return null
    if (message.class !== classes.indication)
      return { kind: 'answer', transactionId: message.transactionId.toString('hex'), message }
    const peer = message.peers[0] && readXorAddress(message.peers[0], message.transactionId)
    const data = message.attributes.get(attributes.data)
    return peer && data && message.method === methods.data ? { kind: 'data', peer, data } : null
  }
}
