// The operator with the rights of the chart's roles alone: it needs no more, and what it does not use has a reason.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Manifest } from '../../../hack/generate/install.ts'
import { KubeClient } from '../../../operator/kube/client.ts'
import {
  certificateResource,
  childResources,
  resourceOf,
  serverResource,
} from '../../../operator/reconcile/resources.ts'
import { leases } from '../../../operator/runtime/lease.ts'
import { namespace as ownNamespace, rendered } from '../../chart/chart.ts'
import { grants, operatorRoles } from '../../chart/grants.ts'
import { type AuditEvent, apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { missingKubeTool } from '../../support/kube-tools.ts'
import { brisk, OperatorBed } from '../../support/operator/bed.ts'
import { certificateSecret, installCertManager } from '../../support/operator/cert-manager.ts'
import { crashLoop } from '../../support/operator/pod-statuses.ts'
import { installPrometheusOperator } from '../../support/operator/prometheus-operator.ts'

const skip = apiServerMissing() || missingKubeTool('helm')
let bed: OperatorBed
before(async () => {
  if (skip) return
  bed = await OperatorBed.start({ audit: true })
  for (const name of [ownNamespace, 'team-a']) await bed.api.kubectl(['create', 'namespace', name])
  await installCertManager(bed)
  await installPrometheusOperator(bed)
})
after(() => bed?.stop())

type Binding = Manifest & { subjects: object[] }

/** The chart's roles, bound to this user instead of the service account. */
const grantTo = async (user: string, values: object): Promise<string[]> => {
  const objects = rendered(values)
  const roles = operatorRoles(objects)
  const names = new Set(roles.map(({ metadata }) => metadata.name))
  const bindings = (objects as Binding[])
    .filter(({ kind, metadata }) => /^(Cluster)?RoleBinding$/.test(kind) && names.has(metadata.name))
    .map((binding) => ({ ...binding, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }] }))
  assert.ok(bindings.length >= 2)
  const list = { apiVersion: 'v1', kind: 'List', items: [...roles, ...bindings] }
  await bed.api.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(list))
  return roles.flatMap(grants)
}

/** One object of each kind loses the label by which it is followed, so that it stands in the way of its own name. */
const loseLabels = async (namespace: string): Promise<void> => {
  const label = 'app.kubernetes.io/managed-by'
  for (const resource of childResources) {
    const labelSelector = `${label}=chatmail-operator`
    const [first] = (await bed.client.list(resource, { namespace, labelSelector })).items
    const ref = { namespace, name: first!.metadata.name }
    await bed.client.mergePatch(resource, ref, { metadata: { labels: { [label]: null } } })
    await eventually(async () =>
      assert.equal((await bed.client.get(resource, ref))?.metadata.labels?.[label], 'chatmail-operator', resource.kind),
    )
  }
}

/** Everything that an operator does, once. */
const tour = async (namespace: string): Promise<void> => {
  const apply = (spec: object, annotations: Record<string, string> = {}) =>
    bed.apply('tour', { domain: `${namespace}.example.org`, ...spec }, { namespace, annotations })
  const until = (type: string, status: string, reason?: string) => bed.until('tour', type, status, reason, namespace)
  const relays = { turn: { replicas: 2 }, deletionPolicy: 'Delete' }
  await apply(relays)
  await bed.balance('tour-mail', '203.0.113.50', namespace)
  await until('Ready', 'True')
  await apply(relays, { 'chatmail.dev/rotate-keys': 'now' })
  await until('KeysReady', 'True', 'Switched')
  await loseLabels(namespace)
  for (const [kind, name] of [
    ['ConfigMap', 'tour-relays'],
    ['Deployment', 'tour-turn-node1'],
    ['StatefulSet', 'tour-mail'],
  ] as const) {
    const { uid } = (await bed.object(kind, name, namespace))!.metadata
    await bed.client.delete(resourceOf({ kind }), { namespace, name })
    await eventually(async () =>
      assert.ok(![undefined, uid].includes((await bed.object(kind, name, namespace))?.metadata.uid)),
    )
  }
  // The same news again is a count of the event that there is.
  for (let round = 0; round < 2; round++) {
    bed.kubelet.ail('turn', crashLoop('turn', 1))
    await until('TurnAvailable', 'False', 'Crashing')
    bed.kubelet.ail('turn', null)
    await until('Ready', 'True')
  }
  await apply({ ...relays, tls: { issuerRef: { name: 'letsencrypt' } } })
  await eventually(async () => assert.ok(await bed.client.get(certificateResource, { namespace, name: 'tour-tls' })))
  await certificateSecret(bed, 'mine', [`${namespace}.example.org`], Date.now(), namespace)
  const mine = { ...relays, tls: { secretName: 'mine' } }
  await apply(mine)
  await until('CertificateReady', 'True', 'Issued')
  await apply({ ...mine, turn: { exposure: 'LoadBalancer' } })
  await bed.balance('tour-turn', '203.0.113.60', namespace)
  await until('Ready', 'True')
  await apply({ ...mine, turn: { enabled: false } })
  await until('TurnAvailable', 'False', 'Disabled')
  await eventually(async () => {
    for (const kind of ['Deployment', 'Service', 'ServiceAccount'])
      assert.equal(
        await bed.object(kind, kind === 'Deployment' ? 'tour-turn-lb-0' : 'tour-turn', namespace),
        null,
        kind,
      )
    assert.equal(await bed.client.get(certificateResource, { namespace, name: 'tour-tls' }), null)
  })
  await until('Ready', 'True')
  const monitoring = { podMonitor: 'Disabled', dashboards: 'Disabled' }
  await apply({ ...mine, turn: { enabled: false }, monitoring })
  await eventually(async () => {
    for (const kind of ['PodMonitor', 'PrometheusRule']) assert.equal(await bed.object(kind, 'tour', namespace), null)
  })
  await bed.client.delete(serverResource, { namespace, name: 'tour' })
}

/** Rights by a request; an apply that made the object needed the right to create, too. */
const rightsOf = ({ verb, objectRef, responseStatus }: AuditEvent): { right: string; name: string }[] => {
  if (!objectRef) return []
  const { resource, subresource, apiGroup, name = '' } = objectRef
  const of = [subresource ? `${resource}/${subresource}` : resource, ...(apiGroup ? [apiGroup] : [])].join('.')
  const verbs = verb === 'patch' && responseStatus?.code === 201 ? ['patch', 'create'] : [verb]
  return verbs.map((each) => ({ right: `${each} ${of}`, name }))
}

type Compared = { used: Set<string>; refused: AuditEvent[]; beyond: string[] }

const compare = (user: string, granted: readonly string[]): Compared => {
  const events = bed.api.audited(user)
  const used = new Set<string>()
  const beyond: string[] = []
  for (const { right, name } of events.flatMap(rightsOf)) {
    const found = [right, `${right} ${name}`].find((line) => granted.includes(line))
    if (found) used.add(found)
    else beyond.push(`${right} ${name}`)
  }
  return { used, beyond, refused: events.filter(({ responseStatus }) => responseStatus?.code === 403) }
}

/** What is granted and not used on the tour, and why it is granted. */
const unused: Record<string, readonly string[]> = {
  'who may list and watch may read one: it gives no more': [
    'get chatmailservers.chatmail.dev',
    'get chatmailservers/status.chatmail.dev',
    'get nodes',
    'get pods',
  ],
  'a server that keeps its mail in a database has neither volume nor StatefulSet': [
    'delete persistentvolumeclaims',
    'delete statefulsets.apps',
  ],
  'whatever a server consists of may be taken away again': ['delete networkpolicies.networking.k8s.io'],
  'Certificates may be followed as the rest is': [
    'list certificates.cert-manager.io',
    'watch certificates.cert-manager.io',
  ],
  'other programs that elect a leader patch': ['patch leases.coordination.k8s.io chatmail-operator'],
}

for (const [title, user, namespace, values] of [
  ['all namespaces', 'operator-of-all', 'default', {}],
  ['one namespace', 'operator-of-one', 'team-a', { watchNamespaces: ['team-a'] }],
] as const)
  test(`${title}: nothing is refused, and each right is used or has a reason`, { skip }, async () => {
    const granted = await grantTo(user, values)
    const client = KubeClient.fromConfig({ kubeconfig: bed.api.userKubeconfig(user, []) })
    const operator = await bed.operate({
      client,
      namespaces: 'watchNamespaces' in values ? values.watchNamespaces : [],
      leaderNamespace: ownNamespace,
      pace: brisk,
    })
    await tour(namespace)
    await operator.stop()
    await client.close()
    // The next one makes its own.
    await bed.client.delete(leases, { namespace: ownNamespace, name: 'chatmail-operator' })
    const { used, refused, beyond } = compare(user, granted)
    assert.deepEqual(refused, [])
    assert.deepEqual(beyond, [])
    assert.deepEqual(granted.filter((right) => !used.has(right)).sort(), Object.values(unused).flat().sort())
  })
