/**
 * What a candidate does about a Lease of coordination.k8s.io/v1. Pure. Clocks of other machines are never compared: a
 * record has expired when it has not changed for its whole duration on the candidate's own clock.
 */
import type { KubeObject, Resource } from '../kube/objects.ts'
import { microTime } from './micro-time.ts'

export const leases: Resource = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
}

export type LeaseSpec = {
  holderIdentity?: string
  leaseDurationSeconds?: number
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}

export type Lease = KubeObject & { spec?: LeaseSpec }

/** A record, and when on the own clock it was first seen like this, in milliseconds. */
export type Observation = { record: string; since: number }

export const observe = (lease: Lease, before: Observation | undefined, now: number): Observation => {
  const record = JSON.stringify(lease.spec ?? {})
  return before?.record === record ? before : { record, since: now }
}

/** `held`: another candidate leads, or may still believe that it does. */
export type Decision = 'acquire' | 'renew' | 'held'

export const decide = (
  { spec = {} }: Lease,
  identity: string,
  seen: Observation,
  now: number,
  defaultDurationMs: number,
): Decision => {
  if (spec.holderIdentity === identity) return 'renew'
  if (!spec.holderIdentity) return 'acquire'
  const duration = spec.leaseDurationSeconds === undefined ? defaultDurationMs : spec.leaseDurationSeconds * 1000
  return now - seen.since > duration ? 'acquire' : 'held'
}

/** @param wallClock milliseconds since 1970; only told, never judged by */
export const acquired = (spec: LeaseSpec, identity: string, durationMs: number, wallClock: number): LeaseSpec => {
  const first = spec.holderIdentity === undefined && spec.leaseTransitions === undefined
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    acquireTime: microTime(wallClock),
    renewTime: microTime(wallClock),
    leaseTransitions: first ? 0 : (spec.leaseTransitions ?? 0) + 1,
  }
}

export const renewed = (spec: LeaseSpec, durationMs: number, wallClock: number): LeaseSpec => ({
  ...spec,
  leaseDurationSeconds: Math.ceil(durationMs / 1000),
  renewTime: microTime(wallClock),
})

/** Nobody's; whoever sees it may take it at once. */
export const released = (spec: LeaseSpec, wallClock: number): LeaseSpec => ({
  ...spec,
  holderIdentity: '',
  leaseDurationSeconds: 1,
  renewTime: microTime(wallClock),
})
