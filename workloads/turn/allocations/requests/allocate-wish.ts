/**
 * What an Allocate asks for, checked in the order of RFC 8656 §7.2 and §7.3 as far as the request alone decides.
 */
import type { Family } from '../../../kit/address/text.ts'
import { attributes, transports } from '../../stun/attributes.ts'
import { type ErrorCode, errorCodes } from '../../stun/error-codes.ts'
import type { Message } from '../../stun/message.ts'
import { readEvenPort, readFamily, readTransport, readUint32 } from '../../stun/values.ts'
import { tokenLength } from '../reservations.ts'

export type AllocateWish = {
  /** One family, or both with ADDITIONAL-ADDRESS-FAMILY. */
  families: Family[]
  evenPort: boolean
  reserveNext: boolean
  reservation: Buffer | null
  /** Seconds; null without LIFETIME. */
  lifetime: number | null
}

const { badRequest, unsupportedTransport, addressFamilyNotSupported } = errorCodes

/** A reader's value, undefined when the attribute is not there, null when it is malformed. */
const optional = <T>(message: Message, type: number, read: (value: Buffer) => T | null): T | null | undefined => {
  const value = message.attributes.get(type)
  return value === undefined ? undefined : read(value)
}

const readToken = (value: Buffer): Buffer | null => (value.length === tokenLength ? value : null)

const transportError = (message: Message): ErrorCode | null => {
  const transport = optional(message, attributes.requestedTransport, readTransport)
  if (transport === undefined || transport === null) return badRequest
  return transport === transports.udp ? null : unsupportedTransport
}

/** RFC 8656 §7.2: the additional family is IPv6, and neither goes with the other. */
const families = (requested: Family | 0 | undefined, additional: Family | 0 | undefined): Family[] | ErrorCode => {
  if (additional !== undefined) return requested === undefined && additional === 6 ? [4, 6] : badRequest
  if (requested === 0) return addressFamilyNotSupported
  return [requested ?? 4]
}

export const allocateWish = (message: Message): AllocateWish | ErrorCode => {
  const failure = transportError(message)
  if (failure) return failure
  const token = optional(message, attributes.reservationToken, readToken)
  const evenPort = optional(message, attributes.evenPort, readEvenPort)
  const requested = optional(message, attributes.requestedAddressFamily, readFamily)
  const additional = optional(message, attributes.additionalAddressFamily, readFamily)
  const lifetime = optional(message, attributes.lifetime, readUint32)
  if (token === null || evenPort === null || requested === null || additional === null || lifetime === null)
    return badRequest
  if (token && (evenPort ?? requested ?? additional) !== undefined) return badRequest
  if (evenPort && additional !== undefined) return badRequest
  const chosen = families(requested, additional)
  if (!Array.isArray(chosen)) return chosen
  return {
    families: chosen,
    evenPort: evenPort !== undefined,
    reserveNext: evenPort ?? false,
    reservation: token ?? null,
    lifetime: lifetime ?? null,
  }
}
