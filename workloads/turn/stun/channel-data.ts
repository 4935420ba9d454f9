/**
 * ChannelData (RFC 8656 §12.4): `channel(16) length(16) data`, padded to 32 bits on a stream and not on UDP.
 */
export const firstChannel = 0x4000
/**
 * RFC 8656 §12 ends the range at 0x4FFF. Clients of RFC 5766, coturn's among them, choose from all of 0x4000–0x7FFE, and
 * the first byte tells those from STUN as well.
 */
export const lastChannel = 0x7ffe
export const channelHeaderLength = 4

/** The length of the data, or -1 when the datagram is too short for what it says. */
export const channelDataLength = (bytes: Buffer): number => {
  if (bytes.length < channelHeaderLength) return -1
  const length = (bytes[2]! << 8) | bytes[3]!
  return length <= bytes.length - channelHeaderLength ? length : -1
}

/** A ChannelData message; `pad` for streams. */
export const buildChannelData = (channel: number, data: Buffer, pad: boolean): Buffer => {
  const length = channelHeaderLength + data.length
  const out = Buffer.allocUnsafe(pad ? (length + 3) & ~3 : length)
  out[0] = channel >> 8
  out[1] = channel & 0xff
  out[2] = data.length >> 8
  out[3] = data.length & 0xff
  out.set(data, channelHeaderLength)
  if (pad) out.fill(0, length)
  return out
}
