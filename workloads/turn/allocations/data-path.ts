/**
 * The seam between deciding and relaying. Requests decide and call the first five; whoever implements this relays from then
 * on without asking again (RFC 8656 §11, §12). What it cannot relay itself comes in through `fromClient` and `toPeer`: an
 * implementation below the process would forward channels there and leave indications to these.
 *
 * The times in permissions and channels are part of the contract: nothing passes after `expiresAt`, although whoever
 * sweeps the tables comes later.
 */
import type { Family } from '../../kit/address/text.ts'
import type { PortRange } from '../peers/policy.ts'
import type { Allocation, Permission, Relay } from './allocation.ts'
import type { DropReason } from './observer.ts'

export type DataPath = {
  /** Relays that hold a port, reserved ones too. */
  readonly openRelays: number
  /** A relay, or an even port and the one above it; null when no port is free. */
  openRelay(family: Family, wish: { count: 1 | 2; even: boolean }): Relay[] | null
  /** Frees the port at once, with every permission and channel that used it. */
  closeRelay(relay: Relay): void
  /** Lets a peer's address through for five minutes from now. */
  permit(allocation: Allocation, relay: Relay, address: string, ports: PortRange): Permission
  /** Binds a channel for ten minutes from now, or refreshes it. The pair must not conflict with another binding. */
  bindChannel(allocation: Allocation, number: number, permission: Permission, port: number): void
  /** Changes at which ports a peer may be sent to; at none (null) the permission and its channels end. */
  restrict(allocation: Allocation, permission: Permission, ports: PortRange | null): void
  /** Relays ChannelData of the client, or says why not. */
  fromClient(allocation: Allocation, bytes: Buffer): DropReason | null
  /** Sends one datagram to a peer if its permission still stands, or says why not. */
  toPeer(allocation: Allocation, permission: Permission, port: number, data: Buffer): DropReason | null
}
