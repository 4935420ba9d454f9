/**
 * Leader election: of several replicas the one that holds the Lease works. A leader that could not renew for long enough
 * must take it that another leads: there is no way back, the process ends and starts over as a candidate.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import type { KubeClient } from '../kube/client.ts'
import { isAlreadyExists, isConflict } from '../kube/errors.ts'
import { gauge } from '../kube/metrics.ts'
import {
  acquired,
  decide,
  type Lease,
  type LeaseSpec,
  leases,
  type Observation,
  observe,
  released,
  renewed,
} from './lease.ts'
import type { Log } from './log.ts'

/** All in milliseconds. A leader gives up (`renewMs`) before others may take over (`leaseMs`). */
export type LeaseTimes = { leaseMs: number; renewMs: number; retryMs: number }

export type LeaderOptions = {
  client: Pick<KubeClient, 'get' | 'create' | 'replace'>
  namespace: string
  name: string
  /** Of this process alone: the pod's name with something random. */
  identity: string
  log: Log
  metrics: Registry
  times?: LeaseTimes
  /** Milliseconds of a clock that does not go backwards. */
  now?: () => number
  /** Milliseconds since 1970. */
  wallClock?: () => number
  random?: () => number
}

const defaults = {
  times: { leaseMs: 15_000, renewMs: 10_000, retryMs: 2000 },
  now: (): number => performance.now(),
  wallClock: (): number => Date.now(),
  random: (): number => Math.random(),
}

type Attempt = 'leading' | 'held' | 'failed'

export class LeaderElection {
  readonly #options: LeaderOptions & typeof defaults
  readonly #stopping = new AbortController()
  readonly #mark: (leading: boolean) => void
  #seen: Observation | undefined
  #lease: Lease | undefined
  /** When the last renewal that succeeded was begun. */
  #renewedAt = 0
  #leading = false

  constructor(options: LeaderOptions) {
    this.#options = { ...defaults, ...options }
    const status = gauge(options.metrics, {
      name: 'leader_election_master_status',
      help: '1 where this process leads',
      labelNames: ['name'],
    })
    this.#mark = (leading) => status.set({ name: options.name }, leading ? 1 : 0)
    this.#mark(false)
  }

  get leading(): boolean {
    return this.#leading
  }

  /**
   * Waits for the Lease, calls `onStarted` once it is held, and keeps it. `lost`: another may lead, this process must end
   * at once. `released`: it was stopped, and the Lease is free if it was held. @throws what `onStarted` throws or rejects
   * with, after releasing
   */
  async run(onStarted: () => void | Promise<void>): Promise<'lost' | 'released'> {
    if (!(await this.#campaign())) return this.#resign()
    this.#set(true)
    this.#options.log.info({ lease: this.#options.name }, 'leading')
    const failure = Promise.withResolvers<never>()
    failure.promise.catch(() => this.#stopping.abort())
    const started = (async () => onStarted())()
    started.catch(failure.reject)
    const outcome = await this.#keep()
    this.#set(false)
    if (outcome === 'lost') this.#options.log.error({ lease: this.#options.name }, 'the lease is lost')
    else await this.#resign()
    // A failure that came before the end is what the caller has to know.
    return Promise.race([failure.promise, Promise.resolve().then(() => outcome)])
  }

  /** Ends the candidacy, or the leadership; what the leader does must have ended before, since another begins at once. */
  stop(): void {
    this.#stopping.abort()
  }

  /** True when the Lease is held, false when stopped. */
  async #campaign(): Promise<boolean> {
    const { signal } = this.#stopping
    const { times, random } = this.#options
    while (!signal.aborted) {
      const result = await this.#attempt(times.renewMs / 2)
      if (result === 'leading') return !signal.aborted
      await wait(times.retryMs * (1 + random()), undefined, { signal }).catch(() => {})
    }
    return false
  }

  async #keep(): Promise<'lost' | 'released'> {
    const { signal } = this.#stopping
    const { times, now } = this.#options
    for (;;) {
      await wait(times.retryMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return 'released'
      const left = this.#renewedAt + times.renewMs - now()
      if (left <= 0 || (await this.#attempt(Math.min(left, times.renewMs / 2))) === 'held') return 'lost'
    }
  }

  async #attempt(timeoutMs: number): Promise<Attempt> {
    const begun = this.#options.now()
    try {
      const result = await this.#try(AbortSignal.timeout(timeoutMs))
      if (result === 'leading') this.#renewedAt = begun
      return result
    } catch (error) {
      // Somebody else was quicker; the next look tells who.
      if (!isConflict(error) && !isAlreadyExists(error))
        this.#options.log.warn({ lease: this.#options.name, err: error }, 'the lease cannot be read or written')
      return 'failed'
    }
  }

  async #try(signal: AbortSignal): Promise<Attempt> {
    const { client, namespace, name, identity, times, now, wallClock } = this.#options
    const lease = await client.get<Lease>(leases, { namespace, name }, signal)
    if (!lease) return this.#create(signal)
    this.#seen = observe(lease, this.#seen, now())
    const decision = decide(lease, identity, this.#seen, now(), times.leaseMs)
    if (decision === 'held') return 'held'
    const spec = lease.spec ?? {}
    const next =
      decision === 'renew'
        ? renewed(spec, times.leaseMs, wallClock())
        : acquired(spec, identity, times.leaseMs, wallClock())
    return this.#write(lease, next, signal)
  }

  async #create(signal: AbortSignal): Promise<Attempt> {
    const { client, namespace, name, identity, times, wallClock } = this.#options
    const spec = acquired({}, identity, times.leaseMs, wallClock())
    const { apiVersion, kind } = leases
    this.#lease = await client.create<Lease>(leases, { apiVersion, kind, metadata: { namespace, name }, spec }, signal)
    return 'leading'
  }

  async #write(lease: Lease, spec: LeaseSpec, signal: AbortSignal): Promise<Attempt> {
    this.#lease = await this.#options.client.replace<Lease>(leases, { ...lease, spec }, signal)
    return 'leading'
  }

  /** Frees the Lease if this process holds it. */
  async #resign(): Promise<'released'> {
    const lease = this.#lease
    const { wallClock, times, log, name } = this.#options
    try {
      if (lease) await this.#write(lease, released(lease.spec ?? {}, wallClock()), AbortSignal.timeout(times.retryMs))
    } catch (error) {
      // It runs out by itself.
      log.warn({ lease: name, err: error }, 'the lease could not be released')
    }
    return 'released'
  }

  #set(leading: boolean): void {
    this.#leading = leading
    this.#mark(leading)
  }
}
