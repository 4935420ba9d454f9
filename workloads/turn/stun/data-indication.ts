/**
 * The Data indication (RFC 8656 §11.4): XOR-PEER-ADDRESS and DATA. It carries every datagram of a peer that has no
 * channel, so it is written in one go instead of through the general builder.
 */
import { attributes } from './attributes.ts'
import { headerLength, magicCookie } from './message.ts'
import { classes, messageType, methods } from './types.ts'
import { xorAddressOf } from './xor-address.ts'

const type = messageType(methods.data, classes.indication)

/**
 * The longest data that an indication takes to a client: UDP over IPv4 carries 65,507 bytes, and everything but DATA's
 * value is 20 + 24 + 4 bytes at most, the value padded to 32 bits.
 */
export const maxIndicationData = 65_456

/** `peer` is 4 or 16 bytes, `transactionId` 12. */
export const buildDataIndication = (
  transactionId: Uint8Array,
  peer: Uint8Array,
  port: number,
  data: Buffer,
): Buffer => {
  const dataAt = headerLength + 8 + peer.length
  const out = Buffer.allocUnsafe(dataAt + 4 + ((data.length + 3) & ~3))
  out.writeUInt16BE(type, 0)
  out.writeUInt16BE(out.length - headerLength, 2)
  out.writeUInt32BE(magicCookie, 4)
  out.set(transactionId, 8)
  out.writeUInt16BE(attributes.xorPeerAddress, headerLength)
  out.writeUInt16BE(4 + peer.length, headerLength + 2)
  out.set(xorAddressOf(peer, port, transactionId), headerLength + 4)
  out.writeUInt16BE(attributes.data, dataAt)
  out.writeUInt16BE(data.length, dataAt + 2)
  out.set(data, dataAt + 4)
  out.fill(0, dataAt + 4 + data.length)
  return out
}
