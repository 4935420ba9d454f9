/**
 * Which of several TURN endpoints an account is told of: rendezvous hashing (highest random weight, Thaler and
 * Ravishankar 1998), so that an endpoint that comes or goes moves only the accounts that it gains or loses.
 */
import { createHash } from 'node:crypto'
import type { TurnEndpoint } from '../../contract/relays.ts'

const weight = (endpoint: TurnEndpoint, accountId: number): Buffer =>
  createHash('sha256').update(`${endpoint.id}\0${accountId}`).digest()

/** The account's endpoint among those that are ready, or null when none is. */
export const endpointFor = (endpoints: readonly TurnEndpoint[], accountId: number): TurnEndpoint | null => {
  let best: { endpoint: TurnEndpoint; weight: Buffer } | null = null
  for (const endpoint of endpoints) {
    if (endpoint.state !== 'ready') continue
    const candidate = weight(endpoint, accountId)
    if (!best || Buffer.compare(candidate, best.weight) > 0) best = { endpoint, weight: candidate }
  }
  return best?.endpoint ?? null
}
