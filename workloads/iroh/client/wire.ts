/** What a client sends and reads, for each version of the protocol. */

import { buildClientInfo } from '../legacy/client-info.ts'
import * as legacy from '../legacy/frames.ts'
import { buildClientAuth } from '../modern/challenge.ts'
import * as modern from '../modern/frames.ts'
import type { Identity } from './identity.ts'

export type Received =
  | { kind: 'datagram'; from: Buffer; data: Buffer }
  | { kind: 'gone'; key: Buffer }
  | { kind: 'ping' | 'pong' | 'confirmed' | 'denied' | 'told' | 'restarting'; data: Buffer }

export type Wire = {
  /** What the client says first, or null where it waits. */
  hello: (identity: Identity) => Buffer | null
  /** Answers the relay's challenge; null for any other frame. */
  answer: (frame: Buffer, identity: Identity) => Buffer | null
  /** Whether the relay confirms that it knows the client. */
  confirms: boolean
  datagram: (to: Uint8Array, data: Uint8Array) => Buffer
  ping: (data: Uint8Array) => Buffer
  pong: (data: Uint8Array) => Buffer
  /** Null for what means nothing here. */
  read: (frame: Buffer) => Received | null
}

type Reader = (body: Buffer) => Received

const plain =
  (kind: 'ping' | 'pong' | 'confirmed' | 'denied' | 'told' | 'restarting'): Reader =>
  (data) => ({ kind, data })

const gone: Reader = (key) => ({ kind: 'gone', key })

const legacyReaders = new Map<number, Reader>([
  [legacy.frameTypes.recvPacket, (body) => ({ kind: 'datagram', from: body.subarray(0, 32), data: body.subarray(32) })],
  [legacy.frameTypes.peerGone, gone],
  [legacy.frameTypes.ping, plain('ping')],
  [legacy.frameTypes.pong, plain('pong')],
  [legacy.frameTypes.health, plain('told')],
  [legacy.frameTypes.restarting, plain('restarting')],
])

export const legacyWire: Wire = {
  hello: ({ key, sign }) => buildClientInfo(key, sign),
  answer: () => null,
  confirms: false,
  datagram: (to, data) => legacy.buildFrame(legacy.frameTypes.sendPacket, to, data),
  ping: (data) => legacy.buildFrame(legacy.frameTypes.ping, data),
  pong: (data) => legacy.buildFrame(legacy.frameTypes.pong, data),
  read: (frame) => legacyReaders.get(legacy.typeOf(frame))?.(legacy.payloadOf(frame)) ?? null,
}

/** Neither ECN nor anything else is said of the datagram. */
const ecn = Buffer.of(0)

const modernReaders = new Map<number, Reader>([
  [modern.frameTypes.serverConfirmsAuth, plain('confirmed')],
  [modern.frameTypes.serverDeniesAuth, plain('denied')],
  [modern.frameTypes.fromRelay, (body) => ({ kind: 'datagram', from: body.subarray(0, 32), data: body.subarray(33) })],
  [modern.frameTypes.endpointGone, gone],
  [modern.frameTypes.ping, plain('ping')],
  [modern.frameTypes.pong, plain('pong')],
  [modern.frameTypes.health, plain('told')],
  [modern.frameTypes.status, plain('told')],
  [modern.frameTypes.restarting, plain('restarting')],
])

export const modernWire: Wire = {
  hello: () => null,
  answer: (frame, { key, sign }) =>
    modern.typeOf(frame) === modern.frameTypes.serverChallenge
      ? buildClientAuth(key, modern.bodyOf(frame), sign)
      : null,
  confirms: true,
  datagram: (to, data) => modern.buildFrame(modern.frameTypes.toRelay, to, ecn, data),
  ping: (data) => modern.buildFrame(modern.frameTypes.ping, data),
  pong: (data) => modern.buildFrame(modern.frameTypes.pong, data),
  read: (frame) => modernReaders.get(modern.typeOf(frame))?.(modern.bodyOf(frame)) ?? null,
}
