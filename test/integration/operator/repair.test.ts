// Whatever people do to a server and its objects, what is rendered comes back, and then nothing is written any more.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { KubeObject, Resource } from '../../../operator/kube/objects.ts'
import type { RunningOperator } from '../../../operator/reconcile/operator.ts'
import { resourceOf } from '../../../operator/reconcile/resources.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { OperatorBed } from '../../support/operator/bed.ts'
import { assertSame, children, shapesOf } from '../../support/operator/children.ts'
import { type Counted, countedClient } from '../../support/operator/writes.ts'

const skip = apiServerMissing()
let bed: OperatorBed
let operator: RunningOperator
before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  operator = await bed.operate()
  await bed.apply('chat', { domain: 'chat.example.org', turn: { replicas: 2 } })
  await bed.balance('chat-mail', '203.0.113.50')
  await bed.until('chat', 'Ready', 'True')
})
after(() => bed?.stop())

/** Resolves when that many passes are over. */
const passes = async ({ metrics }: Counted, count: number): Promise<void> =>
  eventually(async () => {
    const { values } = await metrics.getSingleMetric('controller_runtime_reconcile_total')!.get()
    assert.ok(values.reduce((sum, { value }) => sum + value, 0) >= count)
  })

/** Asks for a pass, as a person does. */
const lookAgain = (value: string) =>
  bed.apply(
    'chat',
    { domain: 'chat.example.org', turn: { replicas: 2 } },
    { annotations: { 'chatmail.dev/reconcile-at': value } },
  )

/** Resolves when the operator has written all that the last change asks for: another look at it writes nothing more. */
const settled = async (): Promise<void> => {
  await operator.stop()
  const counted = countedClient(bed.api.kubeconfig)
  operator = await bed.operate({ client: counted.client, metrics: counted.metrics })
  let looks = 0
  await eventually(async () => {
    const before = await counted.writes()
    await lookAgain(`settled ${looks}`)
    await passes(counted, ++looks + 1)
    assert.equal(await counted.writes(), before)
  })
}

test('in steady state nothing is written, and a new operator writes nothing either', { skip }, async () => {
  await settled()
  await operator.stop()
  const first = countedClient(bed.api.kubeconfig)
  const second = await bed.operate({ client: first.client, metrics: first.metrics })
  await lookAgain('now')
  await passes(first, 2)
  assert.equal(await first.writes(), 0, first.written.join())
  await second.stop()
  await first.client.close()
  operator = await bed.operate()
})

test('the operator owns what it applies and leaves to others what is theirs', { skip }, async () => {
  await bed.api.kubectl(['label', 'service', 'chat-mail', 'team=blue'])
  await bed.api.kubectl(['annotate', 'service', 'chat-mail', 'cloud.example.org/note=mine'])
  await bed.apply('chat', {
    domain: 'chat.example.org',
    turn: { replicas: 2 },
    exposure: { annotations: { 'cloud.example.org/lb': 'x' } },
  })
  const service = await eventually(async () => {
    const found = (await children(bed.client)).find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === 'chat-mail',
    )!
    assert.equal(found.metadata.annotations?.['cloud.example.org/lb'], 'x')
    return found
  })
  assert.equal(service.metadata.labels?.team, 'blue')
  assert.equal(service.metadata.annotations?.['cloud.example.org/note'], 'mine')
  const managers = JSON.parse(
    await bed.api.kubectl(['get', 'service', 'chat-mail', '-o', 'json', '--show-managed-fields']),
  ).metadata.managedFields as { manager: string; operation: string }[]
  assert.ok(managers.some(({ manager, operation }) => manager === 'chatmail-operator' && operation === 'Apply'))
  await bed.apply('chat', { domain: 'chat.example.org', turn: { replicas: 2 } })
  await eventually(async () => {
    const found = await bed.client.get(resourceOf(service), { namespace: 'default', name: 'chat-mail' })
    assert.equal(found?.metadata.annotations?.['cloud.example.org/lb'], undefined)
  })
})

type Edit = { object: number; how: 'delete' | 'label' | 'data' | 'spec' | 'annotation' | 'owner'; value: number }

const edit: fc.Arbitrary<Edit> = fc.record({
  object: fc.nat(1000),
  how: fc.constantFrom('delete', 'label', 'data', 'spec', 'annotation', 'owner'),
  value: fc.nat(1000),
})

/** Secrets whose loss is a loss, as the guide says: they are changed, never deleted, and not emptied. */
const isSecret = ({ kind }: KubeObject): boolean => kind === 'Secret'

const specPatch = ({ kind }: KubeObject, value: number): object | null => {
  if (kind === 'Deployment' || kind === 'StatefulSet') return { replicas: value % 5 }
  if (kind === 'Service') return { selector: { broken: `v${value}` } }
  if (kind === 'NetworkPolicy') return { ingress: [{}] }
  if (kind === 'PodDisruptionBudget') return { maxUnavailable: 1 + (value % 3) }
  return null
}

const patchOf = (object: KubeObject, { how, value }: Edit): object | null => {
  if (how === 'label') return { metadata: { labels: { 'app.kubernetes.io/component': `v${value}` } } }
  if (how === 'annotation') return { metadata: { annotations: { 'chatmail.dev/applied': `v${value}` } } }
  if (how === 'owner') return isSecret(object) ? null : { metadata: { ownerReferences: null } }
  if (how === 'data')
    return object.kind === 'ConfigMap' ? { data: { 'config.yaml': `broken: ${value}`, more: 'x' } } : null
  if (how === 'spec') {
    const spec = specPatch(object, value)
    return spec && { spec }
  }
  return null
}

const perform = async (objects: readonly KubeObject[], each: Edit): Promise<void> => {
  const object = objects[each.object % objects.length]!
  const resource: Resource = resourceOf(object)
  const ref = { namespace: 'default', name: object.metadata.name }
  if (each.how === 'delete') {
    // A volume claim stays until no pod uses it; here nobody takes its finalizer away.
    if (!isSecret(object) && object.kind !== 'PersistentVolumeClaim') await bed.client.delete(resource, ref)
    return
  }
  const patch = patchOf(object, each)
  if (patch) await bed.client.mergePatch(resource, ref, patch).catch(() => {})
}

test('a thousand random edits of children converge to what is rendered', { skip, timeout: 110_000 }, async () => {
  await bed.api.kubectl(['label', 'service', 'chat-mail', 'team-'])
  await bed.api.kubectl(['annotate', 'service', 'chat-mail', 'cloud.example.org/note-'])
  const objects = await children(bed.client)
  const wanted = shapesOf(objects)
  const edits = fc.sample(edit, { numRuns: 1000, seed: 42 })
  for (let index = 0; index < edits.length; index += 50)
    await Promise.all(edits.slice(index, index + 50).map((each) => perform(objects, each)))
  await eventually(async () => assertSame(shapesOf(await children(bed.client)), wanted))
  await bed.balance('chat-mail', '203.0.113.50')
  await bed.until('chat', 'Ready', 'True')
  await settled()
  const counted = countedClient(bed.api.kubeconfig)
  await operator.stop()
  operator = await bed.operate({ client: counted.client, metrics: counted.metrics })
  await lookAgain('after the storm')
  await passes(counted, 2)
  assert.equal(await counted.writes(), 0, counted.written.join())
})
