/**
 * The relay protocol of Iroh 0.35, version 3, which is what stock Delta Chat speaks.
 *
 *     frame       = type length payload           ; on a stream
 *     type        = u8, length = u32 big-endian   ; of the payload alone
 *     SendPacket  = key(32) data(0..65536)        ; client to relay: to whom
 *     RecvPacket  = key(32) data                  ; relay to client: from whom
 *     PeerGone    = key(32)
 *     Ping, Pong  = data(8)
 *     Restarting  = u32 u32                       ; come back in, try for: milliseconds
 *
 * Here a frame is always in this stream form, header included.
 */

export const headerBytes = 5
export const keyBytes = 32
const maxPacketBytes = 65_536
const maxTextBytes = 4096

export const frameTypes = {
  clientInfo: 2,
  sendPacket: 4,
  recvPacket: 5,
  keepAlive: 6,
  notePreferred: 7,
  peerGone: 8,
  ping: 12,
  pong: 13,
  health: 14,
  restarting: 15,
} as const

/** Type → shortest and longest payload. What is not here ends the connection. */
const payloadBytes = new Map<number, readonly [number, number]>([
  [frameTypes.clientInfo, [0, maxTextBytes]],
  [frameTypes.sendPacket, [keyBytes, keyBytes + maxPacketBytes]],
  [frameTypes.recvPacket, [keyBytes, keyBytes + maxPacketBytes]],
  [frameTypes.keepAlive, [0, 0]],
  [frameTypes.notePreferred, [1, 1]],
  [frameTypes.peerGone, [keyBytes, keyBytes]],
  [frameTypes.ping, [8, 8]],
  [frameTypes.pong, [8, 8]],
  [frameTypes.health, [0, maxTextBytes]],
  [frameTypes.restarting, [8, 8]],
])

/** Whether a frame of this type may have this many bytes of payload. */
export const isPossible = (type: number, length: number): boolean => {
  const bounds = payloadBytes.get(type)
  return bounds !== undefined && length >= bounds[0] && length <= bounds[1]
}

export const buildFrame = (type: number, ...payload: readonly Uint8Array[]): Buffer => {
  const frame = Buffer.concat([Buffer.alloc(headerBytes), ...payload])
  frame[0] = type
  frame.writeUInt32BE(frame.length - headerBytes, 1)
  return frame
}

export const typeOf = (frame: Buffer): number => frame[0]!

export const payloadOf = (frame: Buffer): Buffer => frame.subarray(headerBytes)

/** The key in a SendPacket or RecvPacket, as text with a character for each byte: a Map's key. */
export const keyIn = (frame: Buffer): string => frame.toString('latin1', headerBytes, headerBytes + keyBytes)

/** Makes the RecvPacket for the receiver out of the sender's SendPacket, in place: both have one form. */
export const turnAround = (frame: Buffer, sender: Buffer): Buffer => {
  frame[0] = frameTypes.recvPacket
  sender.copy(frame, headerBytes)
  return frame
}

/** `reconnectIn` and `tryFor` in milliseconds. */
export const buildRestarting = (reconnectIn: number, tryFor: number): Buffer => {
  const frame = buildFrame(frameTypes.restarting, Buffer.alloc(8))
  frame.writeUInt32BE(reconnectIn, headerBytes)
  frame.writeUInt32BE(tryFor, headerBytes + 4)
  return frame
}
