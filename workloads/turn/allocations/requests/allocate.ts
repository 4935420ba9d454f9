/** Allocate (RFC 8656 §7.2): a relayed transport address for a client's 5-tuple. */

import type { Family } from '../../../kit/address/text.ts'
import { sourceOf } from '../../../kit/limits/source.ts'
import { alternateServer } from '../../drain/alternate.ts'
import { attributes } from '../../stun/attributes.ts'
import type { Attribute } from '../../stun/build.ts'
import { type ErrorCode, errorCodes } from '../../stun/error-codes.ts'
import { addressErrorCode, lifetime } from '../../stun/values.ts'
import { xorAddress } from '../../stun/xor-address.ts'
import type { Allocation, Relay } from '../allocation.ts'
import { bandwidthOf } from '../bandwidth.ts'
import { grantedLifetime } from '../lifetime.ts'
import type { Holder } from '../quotas.ts'
import { tokenLength } from '../reservations.ts'
import { type AllocateWish, allocateWish } from './allocate-wish.ts'
import type { Answer, Handler, Request, Services } from './request.ts'

const { addressFamilyNotSupported, allocationMismatch, allocationQuotaReached, insufficientCapacity, tryAlternate } =
  errorCodes

/** Relays that were had, and why others were not. */
type Opened = { relays: Relay[]; next: Relay | null; failures: { family: Family; error: ErrorCode }[] }

const holderOf = ({ identity, client }: Request): Holder => ({
  username: identity.username,
  source: sourceOf(client.address),
})

/** The reserved port is no longer counted then, and may be one too many for the address that claims it. */
const claim = (services: Services, request: Request, token: Buffer): Opened | ErrorCode => {
  const { dataPath, quotas, reservations } = services
  const relay = reservations.claim(token, request.identity.username, request.now)
  if (!relay) return insufficientCapacity
  if (quotas.allows(holderOf(request), 1)) return { relays: [relay], next: null, failures: [] }
  dataPath.closeRelay(relay)
  return allocationQuotaReached
}

const openFamilies = (services: Services, request: Request, wish: AllocateWish): Opened | ErrorCode => {
  const { dataPath, quotas, relayAddresses } = services
  if (!quotas.allows(holderOf(request), wish.reserveNext ? 2 : 1)) return allocationQuotaReached
  const opened: Opened = { relays: [], next: null, failures: [] }
  for (const family of wish.families) {
    if (relayAddresses[family] === null) {
      opened.failures.push({ family, error: addressFamilyNotSupported })
      continue
    }
    const relays = dataPath.openRelay(family, { count: wish.reserveNext ? 2 : 1, even: wish.evenPort })
    if (!relays) opened.failures.push({ family, error: insufficientCapacity })
    else {
      opened.relays.push(relays[0]!)
      opened.next = relays[1] ?? null
    }
  }
  return opened.relays.length > 0 ? opened : opened.failures[0]!.error
}

/** Holds the port above an even one and gives the token for it. */
const reserve = (services: Services, request: Request, relay: Relay): Attribute => {
  const token = services.randomBytes(tokenLength)
  services.reservations.hold(token, relay, holderOf(request), request.now)
  return { type: attributes.reservationToken, value: token }
}

const relayedAddress = ({ relayAddresses }: Services, request: Request, { family, port }: Relay): Attribute => ({
  type: attributes.xorRelayedAddress,
  value: xorAddress({ address: relayAddresses[family]!, port }, request.message.transactionId),
})

const answerTo = (services: Services, request: Request, opened: Opened, seconds: number): Attribute[] => [
  ...opened.relays.map((relay) => relayedAddress(services, request, relay)),
  lifetime(seconds),
  ...(opened.next ? [reserve(services, request, opened.next)] : []),
  {
    type: attributes.xorMappedAddress,
    value: xorAddress(request.client, request.message.transactionId),
  },
  ...opened.failures.map(({ family, error }) => addressErrorCode(family, error)),
]

const create = (services: Services, request: Request, opened: Opened, seconds: number): Allocation => ({
  side: request.side,
  client: request.client,
  identity: request.identity,
  source: holderOf(request).source,
  relays: opened.relays,
  permissions: new Map(),
  channels: new Map(),
  createdAt: request.now,
  expiresAt: request.now + seconds * 1000,
  transactionId: Buffer.from(request.message.transactionId),
  answer: answerTo(services, request, opened, seconds),
  bandwidth: bandwidthOf(services.limits.bandwidth, request.now),
})

/** A retransmission gets the same success again, anything else on a 5-tuple in use 437. */
const again = (allocation: Allocation, { message, identity }: Request): Answer =>
  allocation.transactionId.equals(message.transactionId) && allocation.identity === identity
    ? { attributes: allocation.answer }
    : { error: allocationMismatch }

/** 300 to another server where one is known. Never 403: clients take that for a wrong credential and give up. */
const goElsewhere = ({ alternate }: Services, { client }: Request): Answer => {
  const other = alternate(client)
  return other ? { error: tryAlternate, extra: [alternateServer(other)] } : { error: insufficientCapacity }
}

export const allocate: Handler = (services, request) => {
  if (request.allocation) return again(request.allocation, request)
  const wish = allocateWish(request.message)
  if (typeof wish === 'number') return { error: wish }
  if (services.draining()) return goElsewhere(services, request)
  const opened = wish.reservation ? claim(services, request, wish.reservation) : openFamilies(services, request, wish)
  if (typeof opened === 'number') return { error: opened }
  const seconds = grantedLifetime(wish.lifetime, services.lifetimes, false)
  const allocation = create(services, request, opened, seconds)
  services.registry.add(allocation)
  return { attributes: allocation.answer }
}
