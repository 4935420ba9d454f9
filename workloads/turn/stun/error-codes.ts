/** Error codes of RFC 8489 §14.8 and RFC 8656 §19. Their reason phrases are left empty on the wire to keep answers short. */
export const errorCodes = {
  tryAlternate: 300,
  badRequest: 400,
  unauthenticated: 401,
  forbidden: 403,
  unknownAttribute: 420,
  allocationMismatch: 437,
  staleNonce: 438,
  addressFamilyNotSupported: 440,
  wrongCredentials: 441,
  unsupportedTransport: 442,
  peerAddressFamilyMismatch: 443,
  allocationQuotaReached: 486,
  insufficientCapacity: 508,
} as const

export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes]
