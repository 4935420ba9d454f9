/** The Send indication (RFC 8656 §11.2): data to a peer without a channel. A bad one is dropped, never answered. */
import type { Family } from '../../kit/address/text.ts'
import { attributes, mustBeRefused } from '../stun/attributes.ts'
import type { Message } from '../stun/message.ts'
import { methods } from '../stun/types.ts'
import { readXorAddress } from '../stun/xor-address.ts'
import type { Allocation } from './allocation.ts'
import type { DataPath } from './data-path.ts'
import type { DropReason } from './observer.ts'

/**
 * The longest data that goes out unfragmented on Ethernet, by family. Linux sets DF on every datagram that fits the path's
 * MTU and splits longer ones; Node cannot forbid that, so that with DONT-FRAGMENT longer data is dropped here.
 */
const longestUnfragmented: Readonly<Record<Family, number>> = { 4: 1472, 6: 1452 }

const hasUnknown = (message: Message): boolean => {
  for (const type of message.attributes.keys()) if (mustBeRefused(type)) return true
  return false
}

/** Relays what a Send indication carries, or says why not. */
export const relayIndication = (
  message: Message,
  allocation: Allocation | undefined,
  dataPath: DataPath,
): DropReason | null => {
  const data = message.attributes.get(attributes.data)
  const value = message.peers[0]
  if (message.method !== methods.send || !data || !value || hasUnknown(message)) return 'indication'
  const peer = readXorAddress(value, message.transactionId)
  if (!peer) return 'indication'
  if (message.attributes.has(attributes.dontFragment) && data.length > longestUnfragmented[peer.family])
    return 'oversized'
  if (!allocation) return 'no-allocation'
  const permission = allocation.permissions.get(peer.address)
  return permission ? dataPath.toPeer(allocation, permission, peer.port, data) : 'no-permission'
}
