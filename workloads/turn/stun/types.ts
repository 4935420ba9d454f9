/**
 * The message type (RFC 8489 §5): two bits of class between twelve bits of method.
 * `M11-M7 C1 M6-M4 C0 M3-M0`, below two leading zero bits.
 */
export const classes = { request: 0, indication: 1, success: 2, error: 3 } as const
export type MessageClass = (typeof classes)[keyof typeof classes]

/** Methods of STUN and TURN (RFC 8489 §18.2, RFC 8656 §17). */
export const methods = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
  channelBind: 0x009,
} as const
export type MethodName = keyof typeof methods

export const messageType = (method: number, messageClass: MessageClass): number =>
  ((method & 0xf80) << 2) |
  ((method & 0x070) << 1) |
  (method & 0x00f) |
  ((messageClass & 2) << 7) |
  ((messageClass & 1) << 4)

export const methodOf = (type: number): number => ((type >> 2) & 0xf80) | ((type >> 1) & 0x070) | (type & 0x00f)

export const classOf = (type: number): MessageClass => (((type >> 7) & 2) | ((type >> 4) & 1)) as MessageClass
