/** Requests that need the client's allocation: 437 without one, 441 when another credential made it (RFC 8656 §5). */
import { errorCodes } from '../../stun/error-codes.ts'
import type { Allocation } from '../allocation.ts'
import type { Answer, Handler, Request, Services } from './request.ts'

export const withOwnAllocation =
  (handle: (services: Services, request: Request, allocation: Allocation) => Answer): Handler =>
  (services, request) => {
    const { allocation, identity } = request
    if (!allocation) return { error: errorCodes.allocationMismatch }
    if (allocation.identity !== identity) return { error: errorCodes.wrongCredentials }
    return handle(services, request, allocation)
  }
