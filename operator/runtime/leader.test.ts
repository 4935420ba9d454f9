import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Registry } from 'prom-client'
import { eventually } from '../../test/support/eventually.ts'
import { ApiError } from '../kube/errors.ts'
import { LeaderElection, type LeaderOptions } from './leader.ts'
import type { Lease } from './lease.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }

/** One Lease with the optimistic lock of the API; it can be out of reach. */
class LeaseApi {
  lease: Lease | null = null
  unreachable = false
  #version = 0

  async get(): Promise<Lease | null> {
    this.#mustReach()
    return this.lease && structuredClone(this.lease)
  }

  async create(_: unknown, lease: Lease): Promise<Lease> {
    this.#mustReach()
    if (this.lease) throw new ApiError(409, { reason: 'AlreadyExists' })
    return this.#keep(lease)
  }

  async replace(_: unknown, lease: Lease): Promise<Lease> {
    this.#mustReach()
    if (lease.metadata.resourceVersion !== this.lease?.metadata.resourceVersion)
      throw new ApiError(409, { reason: 'Conflict' })
    return this.#keep(lease)
  }

  #keep(lease: Lease): Lease {
    const resourceVersion = String(++this.#version)
    this.lease = structuredClone({ ...lease, metadata: { ...lease.metadata, resourceVersion } })
    return structuredClone(this.lease)
  }

  #mustReach(): void {
    if (this.unreachable) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  }
}

const candidate = (t: TestContext, api: LeaseApi, identity: string, options: Partial<LeaderOptions> = {}) => {
  const metrics = new Registry()
  const election = new LeaderElection({
    client: api as unknown as LeaderOptions['client'],
    namespace: 'ns',
    name: 'leader',
    identity,
    log: silent,
    metrics,
    times: { leaseMs: 200, renewMs: 100, retryMs: 10 },
    ...options,
  })
  let started = 0
  const outcome = election.run(() => {
    started++
  })
  t.after(async () => {
    election.stop()
    await outcome
  })
  return { election, outcome, metrics, started: () => started }
}

test('one of two leads, and the other after it has stopped', async (t) => {
  const api = new LeaseApi()
  const first = candidate(t, api, 'first')
  await eventually(() => assert.ok(first.election.leading))
  const second = candidate(t, api, 'second')
  const renewal = api.lease?.spec?.renewTime
  await eventually(() => assert.notEqual(api.lease?.spec?.renewTime, renewal))
  assert.equal(second.election.leading, false)
  assert.match(await first.metrics.metrics(), /leader_election_master_status\{name="leader"\} 1/)
  first.election.stop()
  assert.equal(await first.outcome, 'released')
  await eventually(() => assert.ok(second.election.leading))
  assert.deepEqual([first.started(), second.started()], [1, 1])
  assert.equal(api.lease?.spec?.leaseTransitions, 1)
  assert.match(await first.metrics.metrics(), /leader_election_master_status\{name="leader"\} 0/)
})

test('a leader that cannot renew has lost, before another may take over', async (t) => {
  const api = new LeaseApi()
  const leader = candidate(t, api, 'leader')
  await eventually(() => assert.ok(leader.election.leading))
  api.unreachable = true
  assert.equal(await leader.outcome, 'lost')
  assert.equal(api.lease?.spec?.holderIdentity, 'leader')
  api.unreachable = false
  const successor = candidate(t, api, 'successor')
  await eventually(() => assert.ok(successor.election.leading))
})

test('a leader that sees another one has lost at once', async (t) => {
  const api = new LeaseApi()
  const leader = candidate(t, api, 'leader', { times: { leaseMs: 1e6, renewMs: 1e6, retryMs: 5 } })
  await eventually(() => assert.ok(leader.election.leading))
  await api.replace(undefined, { ...api.lease!, spec: { ...api.lease!.spec, holderIdentity: 'usurper' } })
  assert.equal(await leader.outcome, 'lost')
  assert.equal(api.lease?.spec?.holderIdentity, 'usurper')
})

test('a lease whose writing was interrupted is the own one', async (t) => {
  const api = new LeaseApi()
  const create = api.create.bind(api)
  api.create = async (resource, lease) => {
    await create(resource, lease)
    throw Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })
  }
  const leader = candidate(t, api, 'leader', { times: { leaseMs: 1e6, renewMs: 1e6, retryMs: 5 } })
  await eventually(() => assert.ok(leader.election.leading))
})

test('what leading fails with is told after the lease is free', async () => {
  const api = new LeaseApi()
  const election = new LeaderElection({
    client: api as unknown as LeaderOptions['client'],
    namespace: 'ns',
    name: 'leader',
    identity: 'leader',
    log: silent,
    metrics: new Registry(),
    times: { leaseMs: 200, renewMs: 100, retryMs: 10 },
  })
  await assert.rejects(
    election.run(async () => {
      throw new Error('no database')
    }),
    /no database/,
  )
  assert.equal(api.lease?.spec?.holderIdentity, '')
})

test('a candidate that is stopped ends', async () => {
  const api = new LeaseApi()
  api.unreachable = true
  const election = new LeaderElection({
    client: api as unknown as LeaderOptions['client'],
    namespace: 'ns',
    name: 'leader',
    identity: 'nobody',
    log: silent,
    metrics: new Registry(),
  })
  const outcome = election.run(() => assert.fail('it never led'))
  election.stop()
  assert.equal(await outcome, 'released')
})
