// Two operators, of which one leads: hand-over when it stops and when it freezes, and never two that write.
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { Registry } from 'prom-client'
import { KubeClient } from '../../../operator/kube/client.ts'
import type { RunningOperator } from '../../../operator/reconcile/operator.ts'
import { type Lease, leases } from '../../../operator/runtime/lease.ts'
import { ApiProxy } from '../../support/api-proxy.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { brisk, OperatorBed } from '../../support/operator/bed.ts'
import { OperatorProcess } from '../../support/operator/process.ts'
import { type Timeline, timedClient } from '../../support/operator/writes.ts'

const skip = apiServerMissing()
const leaseTimes = { leaseMs: 5000, renewMs: 4000, retryMs: 200 }
let bed: OperatorBed
before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  await bed.apply('chat', { domain: 'chat.example.org', exposure: { type: 'ClusterIP' } })
})
after(() => bed?.stop())

type Candidate = { operator: RunningOperator; proxy: ApiProxy; timeline: Timeline; identity: string }

const candidate = async (t: TestContext, identity: string): Promise<Candidate> => {
  const proxy = await ApiProxy.start(bed.api)
  const metrics = new Registry()
  const client = KubeClient.fromConfig({ kubeconfig: proxy.kubeconfig, metrics })
  const timeline = timedClient(client)
  const operator = await bed.operate({
    client: timeline.client,
    metrics,
    identity,
    pace: brisk,
    leaderNamespace: 'default',
    leaseTimes,
  })
  t.after(async () => {
    await operator.stop()
    await client.close()
    await proxy.stop()
  })
  return { operator, proxy, timeline, identity }
}

const holder = async (): Promise<string | undefined> =>
  (await bed.client.get<Lease>(leases, { namespace: 'default', name: 'chatmail-operator' }))?.spec?.holderIdentity

const leads = ({ identity }: Candidate): Promise<void> => eventually(async () => assert.equal(await holder(), identity))

/** A change that takes a leader to be followed; resolves when it has been. */
const change = async (comment: string): Promise<void> => {
  await bed.apply('chat', { domain: 'chat.example.org', exposure: { type: 'ClusterIP' }, mail: { comment } })
  await eventually(async () => {
    const config = (await bed.object('ConfigMap', 'chat-mail-config'))?.data as Record<string, string> | undefined
    assert.ok(config?.['config.yaml']?.includes(comment))
  })
  await bed.until('chat', 'Ready', 'True')
}

test('one leads and writes; when it stops, the other does at once', { skip }, async (t) => {
  const first = await candidate(t, 'first')
  await leads(first)
  const second = await candidate(t, 'second')
  await change('by the first')
  assert.ok(first.timeline.writes.length > 0)
  assert.deepEqual(second.timeline.writes, [])

  await first.operator.stop()
  assert.equal(await first.operator.ended, 'released')
  const handed = performance.now()
  await leads(second)
  await change('by the second')
  assert.ok(second.timeline.writes.length > 0)
  assert.ok(
    first.timeline.writes.every((at) => at < handed),
    'it writes after it has handed over',
  )
  assert.ok(
    second.timeline.writes.every((at) => at >= first.timeline.writes.at(-1)!),
    'two wrote at once',
  )
})

test('a leader that is cut off ends before the other begins', { skip }, async (t) => {
  const frozen = await candidate(t, 'frozen')
  await leads(frozen)
  await change('before the freeze')
  const heir = await candidate(t, 'heir')
  frozen.proxy.faults = { silentCalls: true, silentWatches: true }
  assert.equal(await frozen.operator.ended, 'lost')
  const lost = performance.now()
  // Its process ends now.
  await frozen.proxy.stop()
  const ended = frozen.operator.stop()
  assert.deepEqual(heir.timeline.writes, [])
  await leads(heir)
  await change('by the heir')
  assert.ok(heir.timeline.writes.every((at) => at > lost))
  await ended
})

test('a process that has lost its Lease ends with a failure, one that is stopped ends well', { skip }, async (t) => {
  const proxy = await ApiProxy.start(bed.api)
  t.after(() => proxy.stop())
  const start = async (kubeconfig: string): Promise<OperatorProcess> => {
    const started = OperatorProcess.start(kubeconfig, ['--leader-election-namespace', 'default'])
    t.after(() => started.stop())
    await eventually(async () => assert.match((await holder()) ?? '', /_[0-9a-f-]{36}$/))
    return started
  }
  const robbed = await start(proxy.kubeconfig)
  await change('by a process')
  const lease = (await bed.client.get<Lease>(leases, { namespace: 'default', name: 'chatmail-operator' }))!
  await bed.client.mergePatch(
    leases,
    { namespace: 'default', name: 'chatmail-operator' },
    {
      spec: { ...lease.spec, holderIdentity: 'a-robber' },
    },
  )
  assert.equal(await robbed.exitCode, 1)
  await bed.client.mergePatch(
    leases,
    { namespace: 'default', name: 'chatmail-operator' },
    { spec: { holderIdentity: '' } },
  )
  const stopped = await start(proxy.kubeconfig)
  assert.equal(await stopped.stop(), 0)
  assert.equal((await holder()) ?? '', '')
})
