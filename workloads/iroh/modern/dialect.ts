/** Iroh 1.x: a challenge and a confirmation; a second connection of a key takes over, and the first waits to take back. */
import type { Dialect, FrameKind, Handshake } from '../clients/dialect.ts'
import { buildChallenge, buildDenial, challengeBytes, confirmation, readClientAuth } from './challenge.ts'
import {
  bodyOf,
  buildFrame,
  buildRestarting,
  frameTypes,
  isPossible,
  keyIn,
  statusCodes,
  turnAround,
  typeOf,
} from './frames.ts'

export type ModernVersion = 1 | 2

const kinds = new Map<number, FrameKind>([
  [frameTypes.toRelay, 'datagram'],
  [frameTypes.batchToRelay, 'datagram'],
  [frameTypes.ping, 'ping'],
  [frameTypes.pong, 'pong'],
])

const handshake = (random: (bytes: number) => Buffer): Handshake => {
  const challenge = random(challengeBytes)
  return {
    greeting: buildChallenge(challenge),
    answer: (frame) => {
      const auth = readClientAuth(frame, challenge)
      if ('key' in auth) return { key: auth.key, reply: confirmation }
      return { key: null, reply: auth.refused === 'malformed' ? null : buildDenial(auth.refused) }
    },
  }
}

/** The words of the relay that clients know: they show them in their log. */
const supersededText = 'Another endpoint connected with the same endpoint id. No more messages will be received.'

const status = (code: number): Buffer => buildFrame(frameTypes.status, Buffer.of(code))

/** Version 1 says in words what version 2 says in numbers. */
export const modernDialect = (version: ModernVersion): Dialect => ({
  generation: 'modern',
  handshake,
  kindOf: (frame) => (isPossible(frame) ? kinds.get(typeOf(frame))! : 'invalid'),
  keyIn,
  turnAround,
  dataOf: bodyOf,
  ping: (data) => buildFrame(frameTypes.ping, data),
  pong: (data) => buildFrame(frameTypes.pong, data),
  gone: (key) => buildFrame(frameTypes.endpointGone, Buffer.from(key, 'latin1')),
  restarting: buildRestarting,
  superseded:
    version === 1
      ? buildFrame(frameTypes.health, Buffer.from(supersededText))
      : status(statusCodes.sameEndpointElsewhere),
  restored: version === 1 ? null : status(statusCodes.healthy),
})
