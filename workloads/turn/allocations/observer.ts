/** What the engine tells about itself: numbers and names from fixed sets, never an address or a user. */
import type { DenyGroup } from '../peers/denied-prefixes.ts'
import type { ErrorCode } from '../stun/error-codes.ts'
import type { ParseFailure } from '../stun/message.ts'
import type { MethodName } from '../stun/types.ts'
import type { Allocation } from './allocation.ts'

/** Why something was dropped without an answer. */
export type DropReason =
  | ParseFailure
  | 'class'
  | 'method'
  | 'rate'
  | 'relay-only'
  | 'indication'
  | 'channel-data'
  | 'no-allocation'
  | 'no-permission'
  | 'peer-port'
  | 'bandwidth'
  | 'queue'
  | 'oversized'

export type Observer = {
  /** `authenticated`: by a credential of the ring. */
  answered(method: MethodName, code: ErrorCode | 'success', authenticated: boolean): void
  dropped(reason: DropReason): void
  /** A request named a peer that is refused. */
  denied(group: DenyGroup): void
  /** An allocation is there, or gone for whatever reason. */
  began(allocation: Allocation): void
  ended(allocation: Allocation): void
}

/** Relayed so far; plain numbers, because every packet counts here. */
export type Traffic = { packetsToPeers: number; bytesToPeers: number; packetsToClients: number; bytesToClients: number }

export const newTraffic = (): Traffic => ({
  packetsToPeers: 0,
  bytesToPeers: 0,
  packetsToClients: 0,
  bytesToClients: 0,
})
