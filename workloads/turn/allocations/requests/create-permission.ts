/** CreatePermission (RFC 8656 §10.2): all of the peers, or none and an error. */
import { errorCodes } from '../../stun/error-codes.ts'
import { sweepPeers } from '../registry.ts'
import { withOwnAllocation } from './own-allocation.ts'
import { type Peer, permissionsFit, readPeer } from './peer.ts'
import type { Handler } from './request.ts'

export const createPermission: Handler = withOwnAllocation((services, { message, now }, allocation) => {
  if (message.peers.length === 0) return { error: errorCodes.badRequest }
  sweepPeers(allocation, now)
  const peers: Peer[] = []
  for (const value of message.peers) {
    const peer = readPeer(services, allocation, value, message.transactionId)
    if (typeof peer === 'number') return { error: peer }
    peers.push(peer)
  }
  const addresses = peers.map(({ address }) => address)
  if (!permissionsFit(services, allocation, addresses)) return { error: errorCodes.insufficientCapacity }
  for (const { relay, address, ports } of peers) services.dataPath.permit(allocation, relay, address, ports)
  return { attributes: [] }
})
