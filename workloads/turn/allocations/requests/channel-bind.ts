/** ChannelBind (RFC 8656 §12.2): one number for one peer; binding the same pair again refreshes it and its permission. */
import { portAllowed } from '../../peers/policy.ts'
import { attributes } from '../../stun/attributes.ts'
import { firstChannel, lastChannel } from '../../stun/channel-data.ts'
import { type ErrorCode, errorCodes } from '../../stun/error-codes.ts'
import { readChannelNumber } from '../../stun/values.ts'
import type { Allocation } from '../allocation.ts'
import { sweepPeers } from '../registry.ts'
import { withOwnAllocation } from './own-allocation.ts'
import { type Peer, permissionsFit, readPeer } from './peer.ts'
import type { Handler, Services } from './request.ts'

const readNumber = (value: Buffer | undefined): number | null => {
  const number = value ? readChannelNumber(value) : null
  return number !== null && number >= firstChannel && number <= lastChannel ? number : null
}

/** Neither the number nor the peer may be bound to another. */
const conflicts = ({ channels, permissions }: Allocation, number: number, { address, port }: Peer): boolean => {
  const byNumber = channels.get(number)
  const byPeer = permissions.get(address)?.channels.get(port)
  return byNumber !== byPeer
}

const refusal = (services: Services, allocation: Allocation, number: number, peer: Peer): ErrorCode | null => {
  if (!portAllowed(peer.ports, peer.port)) {
    services.denied('port')
    return errorCodes.forbidden
  }
  if (conflicts(allocation, number, peer)) return errorCodes.badRequest
  const full = !allocation.channels.has(number) && allocation.channels.size >= services.limits.channelsPerAllocation
  return full || !permissionsFit(services, allocation, [peer.address]) ? errorCodes.insufficientCapacity : null
}

export const channelBind: Handler = withOwnAllocation((services, { message, now }, allocation) => {
  const number = readNumber(message.attributes.get(attributes.channelNumber))
  if (number === null) return { error: errorCodes.badRequest }
  sweepPeers(allocation, now)
  const peer = readPeer(services, allocation, message.peers[0], message.transactionId)
  if (typeof peer === 'number') return { error: peer }
  const error = refusal(services, allocation, number, peer)
  if (error) return { error }
  const permission = services.dataPath.permit(allocation, peer.relay, peer.address, peer.ports)
  services.dataPath.bindChannel(allocation, number, permission, peer.port)
  return { attributes: [] }
})
