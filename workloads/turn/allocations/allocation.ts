/**
 * What an allocation is (RFC 8656 §3): a client's 5-tuple, one relay or two (one of each family), the permissions and
 * the channels that let peers through. Times are monotonic milliseconds.
 */
import type { Family } from '../../kit/address/text.ts'
import type { Identity } from '../auth/credentials.ts'
import type { PortRange } from '../peers/policy.ts'
import type { Attribute } from '../stun/build.ts'
import type { Bandwidth } from './bandwidth.ts'

/** A bound socket on a relayed transport address. */
export type RelaySocket = {
  send(data: Buffer, port: number, address: string): void
  close(): void
}

/** What a peer sent to a relay; `address` is in the form of `addressText`. */
export type ReceiveFromPeer = (data: Buffer, address: string, port: number) => void

/** Binds a relay socket at once. `taken`: another port may do; `failed`: none will. */
export type OpenRelaySocket = (
  family: Family,
  port: number,
  receive: ReceiveFromPeer,
) => RelaySocket | 'taken' | 'failed'

/** A relayed transport address; `allocation` is null while it is only reserved. */
export type Relay = { family: Family; port: number; socket: RelaySocket; allocation: Allocation | null }

/** RFC 8656 §9: for a peer's address whatever its port. */
export type Permission = {
  relay: Relay
  address: string
  /** 4 or 16 bytes of `address`, ready for Data indications. */
  bytes: Uint8Array
  /** The peer's ports that may be sent to. */
  ports: PortRange
  expiresAt: number
  /** True when it is this server's own relay address as clients see it. */
  ownAddress: boolean
  /** Peer port → the channel bound to it. */
  channels: Map<number, Channel>
}

/** RFC 8656 §12: one number for one peer address and port. */
export type Channel = { number: number; permission: Permission; port: number; expiresAt: number }

/** How bytes reach a client. Nothing here assumes UDP: a TCP connection is a transport of its own. */
export type ClientTransport = {
  protocol: 'udp' | 'tcp' | 'tls'
  /** True where messages follow each other without bounds, so that ChannelData is padded. */
  stream: boolean
  /** False when the client does not take what is sent, so that this was dropped. */
  send(bytes: Buffer, port: number, address: string): boolean
}

/** The clients' end of one listener. */
export type ClientSide = {
  readonly transport: ClientTransport
  find(address: string, port: number): Allocation | undefined
  add(allocation: Allocation): void
  /** Forgets this allocation; a newer one of the same client stays. */
  remove(allocation: Allocation): void
}

export type Allocation = {
  side: ClientSide
  client: { address: string; port: number }
  /** The credential that it was made with, for as long as it lives. */
  identity: Identity
  /** What quotas count it under. */
  source: string
  relays: Relay[]
  /** Peer address → permission. */
  permissions: Map<string, Permission>
  /** Channel number → channel. */
  channels: Map<number, Channel>
  createdAt: number
  expiresAt: number
  /** The Allocate that made it and what it was answered: a retransmission gets the same. */
  transactionId: Buffer
  answer: Attribute[]
  /** Where that is limited. */
  bandwidth: Bandwidth | null
}

/** Lifetimes in milliseconds: RFC 8656 §9, §12 and §7.2 (reservations). */
export const permissionLifetime = 300_000
export const channelLifetime = 600_000
export const reservationLifetime = 30_000
