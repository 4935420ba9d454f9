/**
 * STUN attribute types (RFC 8489 §18.3, RFC 8656 §18), by the names that the RFCs give them.
 */
export const attributes = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  channelNumber: 0x000c,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  evenPort: 0x0018,
  requestedTransport: 0x0019,
  dontFragment: 0x001a,
  xorMappedAddress: 0x0020,
  reservationToken: 0x0022,
  additionalAddressFamily: 0x8000,
  addressErrorCode: 0x8001,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
} as const

/** Types below this must be understood (RFC 8489 §14); the others may be skipped. */
const firstOptional = 0x8000

/** The comprehension-required types that requests and indications may carry here. */
const understood: ReadonlySet<number> = new Set<number>([
  attributes.username,
  attributes.messageIntegrity,
  attributes.channelNumber,
  attributes.lifetime,
  attributes.xorPeerAddress,
  attributes.data,
  attributes.realm,
  attributes.nonce,
  attributes.requestedAddressFamily,
  attributes.evenPort,
  attributes.requestedTransport,
  attributes.dontFragment,
  attributes.reservationToken,
])

/** True when a message with this attribute must be refused with 420, or dropped if it is an indication. */
export const mustBeRefused = (type: number): boolean => type < firstOptional && !understood.has(type)

/** Values of REQUESTED-TRANSPORT: IANA protocol numbers. */
export const transports = { udp: 17 } as const

/** Values of the address family in addresses and in REQUESTED-ADDRESS-FAMILY. */
export const familyCodes = { 4: 0x01, 6: 0x02 } as const
