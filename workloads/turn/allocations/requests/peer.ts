/** The peer that a request names, checked: 400 malformed, 443 no relay of its family, 403 not to be relayed to. */
import type { TransportAddress } from '../../../kit/address/text.ts'
import type { PortRange } from '../../peers/policy.ts'
import { type ErrorCode, errorCodes } from '../../stun/error-codes.ts'
import { readXorAddress } from '../../stun/xor-address.ts'
import type { Allocation, Relay } from '../allocation.ts'
import type { Services } from './request.ts'

export type Peer = TransportAddress & { relay: Relay; ports: PortRange }

/** `value` is that of XOR-PEER-ADDRESS. */
export const readPeer = (
  { peers, denied }: Services,
  allocation: Allocation,
  value: Buffer | undefined,
  transactionId: Buffer,
): Peer | ErrorCode => {
  const address = value && readXorAddress(value, transactionId)
  if (!address) return errorCodes.badRequest
  const relay = allocation.relays.find(({ family }) => family === address.family)
  if (!relay) return errorCodes.peerAddressFamilyMismatch
  const ports = allocation.permissions.get(address.address)?.ports ?? peers(address.address)
  if (typeof ports !== 'string') return { ...address, relay, ports }
  denied(ports)
  return errorCodes.forbidden
}

/** True when the allocation may have permissions for all of `addresses`. */
export const permissionsFit = (
  { limits }: Services,
  { permissions }: Allocation,
  addresses: readonly string[],
): boolean => {
  const added = new Set(addresses.filter((address) => !permissions.has(address)))
  return permissions.size + added.size <= limits.permissionsPerAllocation
}
