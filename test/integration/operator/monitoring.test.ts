// What monitoring finds of a server: made where the cluster knows it, mended, taken away; and every figure that a dashboard or
// an alert asks for is one that the programs really have.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import type { RunningOperator } from '../../../operator/reconcile/operator.ts'
import { resourceOf } from '../../../operator/reconcile/resources.ts'
import { secretText } from '../../../operator/reconcile/view.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { LocalServer } from '../../support/local-server.ts'
import { brisk, OperatorBed } from '../../support/operator/bed.ts'
import { installPrometheusOperator } from '../../support/operator/prometheus-operator.ts'
import { countedClient } from '../../support/operator/writes.ts'

type Endpoint = { interval: string; authorization: { credentials: { name: string; key: string } } }
type Monitor = KubeObject & { spec: { podMetricsEndpoints: Endpoint[] } }
type Config = KubeObject & { data: Record<string, string> }
type Target = { expr: string }
type Rules = KubeObject & { spec: { groups: { rules: Target[] }[] } }

/** Figures of the kubelet and of Prometheus itself, which most installations have; the guide names them. */
const ofTheCluster =
  /^(up|container_memory_working_set_bytes|container_cpu_usage_seconds_total|kubelet_volume_stats_\w+_bytes)$/

const monitorResource = resourceOf({ kind: 'PodMonitor' })
const ref = { namespace: 'default', name: 'chat' }

describe('what monitoring finds', { skip: apiServerMissing() }, () => {
  let bed: OperatorBed
  let operator: RunningOperator
  let counted: ReturnType<typeof countedClient>
  let aheadMs = 0

  let local: LocalServer

  before(async () => {
    ;[bed, { server: local }] = await Promise.all([OperatorBed.start(), LocalServer.start()])
    counted = countedClient(bed.api.kubeconfig)
    const { client, metrics } = counted
    operator = await bed.operate({ pace: brisk, client, metrics, now: () => Date.now() + aheadMs })
  })
  after(async () => {
    await Promise.all([bed?.stop(), local?.stop()])
    await counted?.client.close()
  })

  const spec = (monitoring: object): object => ({
    domain: 'chat.example.org',
    exposure: { type: 'ClusterIP' },
    iroh: { mode: 'Disabled' },
    monitoring,
  })
  const apply = (monitoring: object) => bed.apply('chat', spec(monitoring))
  const monitor = (name = 'chat') => bed.object<Monitor>('PodMonitor', name)
  const rules = () => bed.object<Rules>('PrometheusRule', 'chat')
  const dashboards = () => bed.object<Config>('ConfigMap', 'chat-dashboards')
  const gone = (get: () => Promise<unknown>) => eventually(async () => assert.equal(await get(), null))
  const made = <T>(get: () => Promise<T | null>): Promise<T> =>
    eventually(async () => {
      const object = await get()
      assert.ok(object)
      return object
    })
  /** The cluster is asked at most once a minute what it serves. */
  const lookAgain = async (): Promise<void> => {
    aheadMs += 61_000
    await bed.lookAgain('chat')
  }

  test('without the API nothing is made by itself; who insists is told what to do, and has the dashboards', async () => {
    await apply({})
    await bed.until('chat', 'Ready', 'True')
    assert.equal(await dashboards(), null)
    await apply({ podMonitor: 'Enabled', dashboards: 'Enabled' })
    const { status } = await bed.until('chat', 'Stalled', 'True', 'MonitoringMissing')
    const condition = (type: string) => status!.conditions!.find((each) => each.type === type)!
    assert.match(condition('Stalled').message, /spec\.monitoring\.podMonitor .*Install the Prometheus operator, or/)
    for (const type of ['MailAvailable', 'TurnAvailable'])
      assert.equal(condition(type).status, 'True', 'people are served all the same')
    await made(dashboards)
  })

  test('once the API is there everything is made, with a token that is there, and the problem is gone', async () => {
    await installPrometheusOperator(bed)
    await lookAgain()
    await bed.until('chat', 'Stalled', 'absent')
    const { spec, metadata } = await made(monitor)
    await made(rules)
    const { name, key } = spec.podMetricsEndpoints[0]!.authorization.credentials
    assert.match(secretText(await bed.object('Secret', name), key)!, /^[0-9a-f]{64}$/)
    assert.equal(metadata.ownerReferences![0]!.name, 'chat')
    await apply({})
    await bed.until('chat', 'Ready', 'True')
    assert.ok((await monitor()) && (await rules()) && (await dashboards()), 'Auto keeps them')
  })

  test('a change by somebody is undone, a label of somebody stays, and then nothing is written', async () => {
    await bed.client.mergePatch(monitorResource, ref, {
      metadata: { labels: { release: 'prometheus' } },
      spec: { selector: { matchLabels: { app: 'another' } }, podMetricsEndpoints: [] },
    })
    await lookAgain()
    const mended = await eventually(async () => {
      const found = (await monitor())!
      assert.equal(found.spec.podMetricsEndpoints[0]?.interval, '30s')
      return found
    })
    assert.equal(mended.metadata.labels!.release, 'prometheus')
    await bed.until('chat', 'Reconciling', 'absent')
    const { generation } = mended.metadata
    await bed.client.delete(resourceOf({ kind: 'ConfigMap' }), { ...ref, name: 'chat-dashboards' })
    await made(dashboards)
    await eventually(async () => {
      const [writes, passes] = [await counted.writes(), await metric('controller_runtime_reconcile_total')]
      await lookAgain()
      await eventually(async () => assert.ok((await metric('controller_runtime_reconcile_total')) > passes))
      assert.equal(await counted.writes(), writes)
    })
    assert.equal((await monitor())!.metadata.generation, generation)
  })

  const exposed = async (): Promise<string> => (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text()
  const metric = async (name: string): Promise<number> =>
    [...(await exposed()).matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, 'gm'))]
      .map(([, value]) => Number(value))
      .reduce((sum, value) => sum + value, 0)

  test('every figure that is asked for is there: mail, TURN, the Iroh relay and the operator have them all', async () => {
    await bed.apply('all', { ...spec({}), domain: 'all.example.org', iroh: { mode: 'Managed' } })
    const texts = await Promise.all([
      local.ask('mail', '/metrics'),
      local.ask('turn', '/metrics'),
      local.ask('iroh', '/metrics'),
      exposed(),
    ])
    const text = texts.join('\n')
    const known = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]))
    const [json] = Object.values((await made(() => bed.object<Config>('ConfigMap', 'all-dashboards'))).data)
    const panels = (JSON.parse(json!) as { panels: { targets?: Target[] }[] }).panels
    const targets = [...panels.flatMap(({ targets = [] }) => targets), ...(await made(rules)).spec.groups[0]!.rules]
    const names = new Set(targets.flatMap(({ expr }) => [...expr.matchAll(/\b(\w+)\{/g)].map(([, name]) => name!)))
    names.add('rest_client_requests_total')
    assert.ok(names.size > 25)
    for (const name of names) {
      const base = name.replace(/_bucket$/, '')
      if (!ofTheCluster.test(name)) assert.ok(known.has(base), `${name} is not among the figures`)
      if (name !== base) assert.equal(known.get(base), 'histogram', name)
    }
    for (const { expr } of targets)
      for (const [, what] of expr.matchAll(/what="(\w+)"/g))
        assert.ok(text.includes(`chatmail_mail_count{what="${what}"}`), `${what} is not counted`)
  })

  test('switched off, all of it goes; what is of somebody else stays and is told', async () => {
    await apply({ podMonitor: 'Disabled' })
    await gone(monitor)
    await gone(rules)
    assert.ok(await dashboards(), 'a person may want pictures alone')
    await apply({ podMonitor: 'Disabled', dashboards: 'Disabled' })
    await gone(dashboards)
    const { apiVersion, kind } = monitorResource
    const foreign = { apiVersion, kind, metadata: ref, spec: { podMetricsEndpoints: [] } }
    await bed.client.apply(monitorResource, foreign, { manager: 'a-person', force: true })
    await apply({})
    await bed.until('chat', 'Stalled', 'True', 'AdoptionRefused')
    assert.deepEqual((await monitor())!.spec.podMetricsEndpoints, [])
    await made(rules)
    assert.deepEqual(bed.errors(), [])
  })
})
