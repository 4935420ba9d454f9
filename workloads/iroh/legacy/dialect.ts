/** Iroh 0.35: no challenge, no confirmation; a second connection of a key ends the first. */
import type { Dialect, FrameKind } from '../clients/dialect.ts'
import { readClientInfo } from './client-info.ts'
import { buildFrame, buildRestarting, frameTypes, keyIn, payloadOf, turnAround, typeOf } from './frames.ts'

/** What is missing here has no meaning from a client, and ends nothing. */
const kinds = new Map<number, FrameKind>([
  [frameTypes.sendPacket, 'datagram'],
  [frameTypes.ping, 'ping'],
  [frameTypes.pong, 'pong'],
  [frameTypes.health, 'invalid'],
])

export const legacyDialect: Dialect = {
  generation: 'legacy',
  handshake: () => ({ greeting: null, answer: (frame) => ({ key: readClientInfo(frame), reply: null }) }),
  kindOf: (frame) => kinds.get(typeOf(frame)) ?? 'ignored',
  keyIn,
  turnAround,
  dataOf: payloadOf,
  ping: (data) => buildFrame(frameTypes.ping, data),
  pong: (data) => buildFrame(frameTypes.pong, data),
  gone: (key) => buildFrame(frameTypes.peerGone, Buffer.from(key, 'latin1')),
  restarting: buildRestarting,
  superseded: null,
  restored: null,
}
