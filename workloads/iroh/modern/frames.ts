/**
 * The relay protocol of Iroh 1.x, sub-protocols `iroh-relay-v1` and `iroh-relay-v2`: one frame a binary WebSocket message.
 *
 *     frame    = type body                                 ; type is a QUIC varint, of one byte for all of these
 *     Datagram = key(32) ecn(u8) contents(1..)             ; 4 to the relay, 6 from it
 *     Batch    = key(32) ecn(u8) segment(u16 big-endian) contents(1..)   ; 5 to the relay, 7 from it
 *     EndpointGone = key(32)
 *     Ping, Pong   = data(8)
 *     Health       = text                                  ; v1 alone
 *     Status       = u8                                    ; v2 alone
 *     Restarting   = u32 u32
 */

export const keyBytes = 32
const maxBodyBytes = 65_536
const keyAt = 1
const ecnAt = keyAt + keyBytes

export const frameTypes = {
  serverChallenge: 0,
  clientAuth: 1,
  serverConfirmsAuth: 2,
  serverDeniesAuth: 3,
  toRelay: 4,
  batchToRelay: 5,
  fromRelay: 6,
  batchFromRelay: 7,
  endpointGone: 8,
  ping: 9,
  pong: 10,
  health: 11,
  restarting: 12,
  status: 13,
} as const

export const statusCodes = { healthy: 0, sameEndpointElsewhere: 1 } as const

/** What a client may send once it is known: type → shortest and longest body. */
const bodyBytes = new Map<number, readonly [number, number]>([
  [frameTypes.toRelay, [keyBytes + 2, maxBodyBytes]],
  [frameTypes.batchToRelay, [keyBytes + 4, maxBodyBytes]],
  [frameTypes.ping, [8, 8]],
  [frameTypes.pong, [8, 8]],
])

/** The longest message of a client. */
export const maxMessageBytes = 1 + maxBodyBytes

/** Whether a client may send this frame. Anything else ends the connection. */
export const isPossible = (frame: Buffer): boolean => {
  const bounds = bodyBytes.get(frame[0] ?? -1)
  return bounds !== undefined && frame.length - 1 >= bounds[0] && frame.length - 1 <= bounds[1]
}

export const buildFrame = (type: number, ...body: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.of(type), ...body])

export const typeOf = (frame: Buffer): number => frame[0]!

export const bodyOf = (frame: Buffer): Buffer => frame.subarray(1)

/** The key in a datagram, as text with a character for each byte: a Map's key. */
export const keyIn = (frame: Buffer): string => frame.toString('latin1', keyAt, ecnAt)

/** Makes the frame for the receiver out of the sender's, in place: ECN, segment size and contents stay. */
export const turnAround = (frame: Buffer, sender: Buffer): Buffer => {
  frame[0]! += frameTypes.fromRelay - frameTypes.toRelay
  sender.copy(frame, keyAt)
  return frame
}

/** `reconnectIn` and `tryFor` in milliseconds. */
export const buildRestarting = (reconnectIn: number, tryFor: number): Buffer => {
  const frame = buildFrame(frameTypes.restarting, Buffer.alloc(8))
  frame.writeUInt32BE(reconnectIn, 1)
  frame.writeUInt32BE(tryFor, 5)
  return frame
}
