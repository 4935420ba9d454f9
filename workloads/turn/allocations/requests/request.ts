/** What the handlers of authenticated requests share: what they are given and what they give back. */
import type { Family } from '../../../kit/address/text.ts'
import type { Identity } from '../../auth/credentials.ts'
import type { Alternate } from '../../drain/alternate.ts'
import type { DenyGroup } from '../../peers/denied-prefixes.ts'
import type { PeerPolicy } from '../../peers/policy.ts'
import type { Attribute } from '../../stun/build.ts'
import type { ErrorCode } from '../../stun/error-codes.ts'
import type { Message } from '../../stun/message.ts'
import type { Allocation, ClientSide } from '../allocation.ts'
import type { DataPath } from '../data-path.ts'
import type { Lifetimes } from '../lifetime.ts'
import type { QuotaTable } from '../quotas.ts'
import type { Registry } from '../registry.ts'
import type { Reservations } from '../reservations.ts'

export type Services = {
  dataPath: DataPath
  registry: Registry
  quotas: QuotaTable
  reservations: Reservations
  /** The policy in force now. */
  peers: PeerPolicy
  denied: (group: DenyGroup) => void
  /** The relay addresses as clients are told; null where the family is off. */
  relayAddresses: Readonly<Record<Family, string | null>>
  lifetimes: Lifetimes
  limits: { permissionsPerAllocation: number; channelsPerAllocation: number; bandwidth: number | null }
  draining: () => boolean
  /** Another server for a client of a draining one. */
  alternate: (client: { address: string }) => Alternate | null
  /** `length` unpredictable bytes. */
  randomBytes: (length: number) => Buffer
}

export type Request = {
  message: Message
  side: ClientSide
  client: { address: string; port: number }
  identity: Identity
  /** The client's live allocation. */
  allocation: Allocation | undefined
  /** Monotonic milliseconds. */
  now: number
}

/** `extra`: what an error carries besides its code. */
export type Answer = { attributes: Attribute[] } | { error: ErrorCode; extra?: Attribute[] }

export type Handler = (services: Services, request: Request) => Answer
