import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { Registry } from 'prom-client'
import { KubeClient } from '../../../operator/kube/client.ts'
import { LeaderElection } from '../../../operator/runtime/leader.ts'
import { type Lease, leases } from '../../../operator/runtime/lease.ts'
import { ApiProxy } from '../../support/api-proxy.ts'
import { ApiServer, apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'

const skip = apiServerMissing()
const times = { leaseMs: 1500, renewMs: 1000, retryMs: 100 }
const ref = { namespace: 'default', name: 'leader' }

let server: ApiServer
let direct: KubeClient

before(async () => {
  if (skip) return
  server = await ApiServer.start()
  direct = KubeClient.fromConfig({ kubeconfig: server.kubeconfig })
})
after(async () => {
  await direct?.close()
  await server?.stop()
})

const candidate = (t: TestContext, identity: string, kubeconfig = server.kubeconfig, leaseTimes = times) => {
  const client = KubeClient.fromConfig({ kubeconfig })
  const said: string[] = []
  const say = (_: object, message: string) => said.push(message)
  const log = { info: say, warn: say, error: say }
  const election = new LeaderElection({ client, ...ref, identity, log, metrics: new Registry(), times: leaseTimes })
  const outcome = election.run(() => {})
  t.after(async () => {
    election.stop()
    await outcome
    await client.close()
  })
  return { election, outcome, said }
}

const spec = async () => (await direct.get<Lease>(leases, ref))?.spec

test('two candidates on a real Lease: one leads, renews, and hands over', { skip }, async (t) => {
  const first = candidate(t, 'first')
  await eventually(() => assert.ok(first.election.leading))
  const second = candidate(t, 'second')
  const { renewTime, ...held } = (await spec())!
  assert.equal(held.holderIdentity, 'first')
  assert.match(renewTime!, /\.\d{6}Z$/)
  await eventually(async () => assert.notEqual((await spec())?.renewTime, renewTime))
  assert.equal(second.election.leading, false)

  first.election.stop()
  assert.equal(await first.outcome, 'released')
  await eventually(() => assert.ok(second.election.leading))
  assert.equal((await spec())?.holderIdentity, 'second')
  assert.equal((await spec())?.leaseTransitions, 1)
})

test('a leader whose connections go silent has lost, and the other takes over', { skip }, async (t) => {
  const proxy = await ApiProxy.start(server)
  t.after(() => proxy.stop())
  const cutOff = candidate(t, 'cut-off', proxy.kubeconfig)
  await eventually(() => assert.ok(cutOff.election.leading))
  const other = candidate(t, 'other')
  other.outcome.then(() => {})
  proxy.faults = { silentCalls: true }
  assert.equal(await cutOff.outcome, 'lost')
  assert.equal(other.election.leading, false, 'it began before the first one had ended')
  await eventually(() => assert.ok(other.election.leading))
  assert.equal((await spec())?.holderIdentity, 'other')
})

test('refusals and lost answers alone do not cost the lease', { skip }, async (t) => {
  const proxy = await ApiProxy.start(server)
  t.after(() => proxy.stop())
  const leader = candidate(t, 'tenacious', proxy.kubeconfig, { leaseMs: 12_000, renewMs: 10_000, retryMs: 20 })
  proxy.faults = { refuse: { rate: 0.3, statuses: [409, 429, 500], retryAfterSeconds: 0 }, loseAnswersRate: 0.2 }
  await eventually(() => assert.ok(leader.election.leading))
  const renewals = new Set<string>()
  await eventually(async () => {
    renewals.add((await spec())!.renewTime!)
    assert.ok(renewals.size >= 10)
  })
  assert.ok(leader.election.leading)
  assert.ok(proxy.injected.refused! > 0)
  proxy.faults = {}
})
