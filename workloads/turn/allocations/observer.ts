/** What the engine tells about itself: numbers and names from fixed sets, never an address or a user. */
import type { ErrorCode } from '../stun/error-codes.ts'
import type { ParseFailure } from '../stun/message.ts'
import type { MethodName } from '../stun/types.ts'

/** Why something was dropped without an answer. */
export type DropReason =
  | ParseFailure
  | 'class'
  | 'method'
  | 'rate'
  | 'indication'
  | 'channel-data'
  | 'no-allocation'
  | 'no-permission'
  | 'peer-port'
  | 'bandwidth'
  | 'oversized'

export type Observer = {
  answered(method: MethodName, code: ErrorCode | 'success'): void
  dropped(reason: DropReason): void
}

/** Relayed so far; plain numbers, because every packet counts here. */
export type Traffic = { packetsToPeers: number; bytesToPeers: number; packetsToClients: number; bytesToClients: number }

export const newTraffic = (): Traffic => ({
  packetsToPeers: 0,
  bytesToPeers: 0,
  packetsToClients: 0,
  bytesToClients: 0,
})
