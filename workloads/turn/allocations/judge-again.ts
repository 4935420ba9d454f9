/** Judges the peers of live allocations again after the policy has changed: what it refuses now ends at once. */
import type { PeerPolicy } from '../peers/policy.ts'
import type { Allocation } from './allocation.ts'
import type { DataPath } from './data-path.ts'

export const judgeAgain = (allocations: Iterable<Allocation>, peers: PeerPolicy, dataPath: DataPath): void => {
  for (const allocation of allocations)
    for (const permission of allocation.permissions.values()) {
      const verdict = peers(permission.address)
      dataPath.restrict(allocation, permission, typeof verdict === 'string' ? null : verdict)
    }
}
