/**
 * Refresh (RFC 8656 §8.2): a new lifetime; zero deletes the allocation, or the relay of the given family where there are
 * two. Both relays of an allocation share one lifetime.
 */
import { attributes } from '../../stun/attributes.ts'
import { errorCodes } from '../../stun/error-codes.ts'
import { lifetime, readFamily, readUint32 } from '../../stun/values.ts'
import type { Allocation, Relay } from '../allocation.ts'
import { grantedLifetime } from '../lifetime.ts'
import { withOwnAllocation } from './own-allocation.ts'
import type { Handler, Services } from './request.ts'

const remove = ({ dataPath, registry }: Services, allocation: Allocation, relay: Relay | undefined): void => {
  if (relay && allocation.relays.length > 1) dataPath.closeRelay(relay)
  else registry.remove(allocation)
}

export const refresh: Handler = withOwnAllocation((services, { message, now }, allocation) => {
  const familyValue = message.attributes.get(attributes.requestedAddressFamily)
  const lifetimeValue = message.attributes.get(attributes.lifetime)
  const family = familyValue && readFamily(familyValue)
  const wish = lifetimeValue ? readUint32(lifetimeValue) : undefined
  if (family === null || wish === null) return { error: errorCodes.badRequest }
  const relay = allocation.relays.find((each) => each.family === family)
  if (family !== undefined && !relay) return { error: errorCodes.peerAddressFamilyMismatch }
  if (wish === 0) {
    remove(services, allocation, relay)
    return { attributes: [lifetime(0)] }
  }
  const seconds = grantedLifetime(wish ?? null, services.lifetimes, services.draining())
  allocation.expiresAt = now + seconds * 1000
  return { attributes: [lifetime(seconds)] }
})
