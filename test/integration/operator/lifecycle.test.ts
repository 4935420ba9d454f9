// From the first apply to what is left after the last delete: pauses, neighbours, certificates of others, and refusals.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Registry } from 'prom-client'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import {
  certificateResource,
  childResources,
  resourceOf,
  serverResource,
} from '../../../operator/reconcile/resources.ts'
import { secretText } from '../../../operator/reconcile/view.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { brisk, type Live, OperatorBed } from '../../support/operator/bed.ts'
import { certificateSecret, certificateStatus, installCertManager } from '../../support/operator/cert-manager.ts'
import { assertDiscreet } from '../../support/operator/discretion.ts'

const skip = apiServerMissing()
const dayMs = 86_400_000
const metrics = new Registry()
let bed: OperatorBed
let aheadMs = 0

before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  await bed.operate({ pace: brisk, metrics, now: () => Date.now() + aheadMs })
})
after(() => bed?.stop())

/** Inside the cluster, so that nobody has to play a load balancer. */
const inside = { exposure: { type: 'ClusterIP' } }
const apply = (name: string, spec: object = {}): Promise<Live> =>
  bed.apply(name, { domain: `${name}.example.org`, ...inside, ...spec })
const remove = (name: string) => bed.client.delete(serverResource, { namespace: 'default', name })
const messageOf = ({ status }: Live, type: string): string =>
  status!.conditions!.find((condition) => condition.type === type)!.message

/** Resolves when the condition says it in these words. */
const says = (name: string, type: string, status: string, reason: string, words: RegExp): Promise<Live> =>
  eventually(async () => {
    const server = await bed.until(name, type, status, reason)
    assert.match(messageOf(server, type), words)
    return server
  })

/** Passes so far. */
const passes = async (): Promise<number> => {
  const { values } = await metrics.getSingleMetric('controller_runtime_reconcile_total')!.get()
  return values.reduce((sum, { value }) => sum + value, 0)
}

/** Resolves when the server was looked at again. */
const lookAgain = async (name: string): Promise<void> => {
  const before = await passes()
  await bed.lookAgain(name)
  await eventually(async () => assert.ok((await passes()) > before))
}

/** What exists under the name of a server, whoever made it. */
const children = async (name: string): Promise<KubeObject[]> =>
  (await Promise.all(childResources.map((of) => bed.client.list(of, { namespace: 'default' }))))
    .flatMap(({ items }) => items)
    .filter(({ metadata }) => metadata.name.startsWith(`${name}-`))

const idsOf = (objects: readonly KubeObject[]): string[] =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort()

const isOwnedBy = (uid: string, { metadata }: KubeObject): boolean =>
  metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.controller === true) ?? false

const destroy = async ({ kind, metadata: { namespace, name } }: KubeObject): Promise<void> => {
  const [resource, ref] = [resourceOf({ kind }), { namespace: namespace!, name }]
  // No controller is there to see that no pod uses the volume.
  if (kind === 'PersistentVolumeClaim')
    await bed.client.mergePatch(resource, ref, { metadata: { finalizers: null } }).catch(() => {})
  await bed.client.delete(resource, ref)
}

/** Deletes a server and, as the garbage collector does, what it owns; gives what is left. */
const removeWithOwned = async (name: string): Promise<KubeObject[]> => {
  const { uid } = (await bed.server(name))!.metadata
  await remove(name)
  const all = await children(name)
  for (const object of all.filter((each) => isOwnedBy(uid!, each))) await destroy(object)
  return all.filter((each) => !isOwnedBy(uid!, each))
}

const keepsakes = (name: string): string[] => [
  `PersistentVolumeClaim/${name}-mail-data`,
  `Secret/${name}-tls`,
  `Secret/${name}-turn-keyring`,
]

test('a paused server is left as it is, and looked after again when it is not paused', { skip }, async () => {
  await apply('rest')
  await bed.until('rest', 'Ready', 'True')
  await apply('rest', { paused: true })
  await bed.until('rest', 'Ready', 'True', 'Paused')
  await bed.client.delete(resourceOf({ kind: 'ConfigMap' }), { namespace: 'default', name: 'rest-relays' })
  await lookAgain('rest')
  assert.equal(await bed.object('ConfigMap', 'rest-relays'), null)
  await apply('rest')
  await bed.until('rest', 'Ready', 'True', 'Ready')
  assert.ok(await bed.object('ConfigMap', 'rest-relays'))
})

test('what a server owns goes with it; mail, keys and certificate stay unless the policy is Delete', {
  skip,
}, async () => {
  const { metadata } = await apply('own')
  await bed.until('own', 'Ready', 'True')
  const unowned = async (): Promise<string[]> =>
    idsOf((await children('own')).filter((object) => !isOwnedBy(metadata.uid!, object)))
  assert.deepEqual(await unowned(), keepsakes('own'))
  await apply('own', { deletionPolicy: 'Delete' })
  await eventually(async () => assert.deepEqual(await unowned(), []))
  await apply('own', { deletionPolicy: 'Retain' })
  await eventually(async () => assert.deepEqual(await unowned(), keepsakes('own')))
})

test('a server that is deleted is not touched again; made anew, it has its mail, keys and certificate', {
  skip,
}, async () => {
  await bed.until('own', 'Ready', 'True')
  const before = await children('own')
  const left = await removeWithOwned('own')
  assert.deepEqual(idsOf(left), keepsakes('own'))
  await apply('own')
  await bed.until('own', 'Ready', 'True')
  const again = await children('own')
  assert.deepEqual(idsOf(again), idsOf(before))
  for (const kept of left) {
    const now = again.find(({ metadata }) => metadata.uid === kept.metadata.uid)
    assert.deepEqual(now?.data, kept.data, kept.metadata.name)
  }
})

test('the mail and the keys of another domain are refused, and no pod gets them', { skip }, async () => {
  await removeWithOwned('own')
  await apply('own', { domain: 'another.example.org' })
  await says('own', 'Stalled', 'True', 'AdoptionRefused', /own-turn-keyring exists and is not of this server/)
  await lookAgain('own')
  const there = idsOf(await children('own'))
  assert.ok(!there.some((id) => /^(Deployment|StatefulSet)/.test(id)), there.join())
  for (const object of await children('own')) if (keepsakes('own').includes(idsOf([object])[0]!)) await destroy(object)
  await bed.until('own', 'Ready', 'True')
  const volume = await bed.object('PersistentVolumeClaim', 'own-mail-data')
  assert.equal(volume?.metadata.annotations?.['chatmail.dev/domain'], 'another.example.org')
})

test('what somebody else has made under a name is never taken over', { skip }, async () => {
  const theirs = [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late-turn-keyring' }, data: { 'keyring.json': 'e30=' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late-relays' }, data: { theirs: 'yes' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'late-mail', labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
      spec: { ports: [{ port: 25 }] },
    },
  ]
  const made = await Promise.all(
    theirs.map((object) =>
      bed.client.create(resourceOf(object), { ...object, metadata: { ...object.metadata, namespace: 'default' } }),
    ),
  )
  await apply('late')
  for (const { kind, metadata } of made) {
    await eventually(async () => {
      const server = await bed.server('late')
      const stalled = server?.status?.conditions?.find(({ type }) => type === 'Stalled')
      assert.ok(['AdoptionRefused', 'KeyringUnreadable'].includes(stalled?.reason ?? ''), stalled?.message)
      assert.ok(stalled?.message.includes(metadata.name), stalled?.message)
    })
    const live = await bed.object(kind, metadata.name)
    assert.equal(live?.metadata.resourceVersion, metadata.resourceVersion, `${kind} was written`)
    await destroy(live!)
  }
  await bed.until('late', 'Ready', 'True')
})

test('what a server no longer consists of goes, and nothing else', { skip }, async () => {
  await apply('prune', { turn: { exposure: 'LoadBalancer', replicas: 2 } })
  await bed.balance('prune-turn', '203.0.113.61')
  await bed.until('prune', 'Ready', 'True')
  const note = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace: 'default',
      name: 'prune-turn-notes',
      labels: { 'app.kubernetes.io/managed-by': 'chatmail-operator', 'app.kubernetes.io/instance': 'prune' },
    },
  }
  await bed.client.create(resourceOf(note), note)
  await apply('prune', { turn: { enabled: false } })
  await bed.until('prune', 'TurnAvailable', 'False', 'Disabled')
  await eventually(async () =>
    assert.deepEqual(
      idsOf(await children('prune')).filter((id) => id.includes('turn')),
      ['ConfigMap/prune-turn-notes', 'Secret/prune-turn-keyring'],
    ),
  )
  await bed.until('prune', 'Ready', 'True')
})

test('of two servers with one domain the younger waits, and takes over when the older is gone', { skip }, async () => {
  await apply('elder', { domain: 'one.example.org' })
  await bed.until('elder', 'Ready', 'True')
  await eventually(async () => {
    // Creation times are whole seconds; of one second the name decides.
    const { creationTimestamp } = (await bed.server('elder'))!.metadata
    assert.ok(Date.parse(String(creationTimestamp)) + 1000 < Date.now())
  })
  await apply('awaits', { domain: 'one.example.org' })
  await says('awaits', 'Stalled', 'True', 'DomainTaken', /older ChatmailServer default\/elder/)
  assert.deepEqual(await children('awaits'), [])
  await bed.until('elder', 'Ready', 'True')
  await remove('elder')
  await bed.until('awaits', 'Ready', 'True')
})

test('an own certificate is told to be missing, wrong, expired, and used once it is right', { skip }, async () => {
  await apply('papers', { tls: { secretName: 'mine' } })
  const missing = await says(
    'papers',
    'CertificateReady',
    'False',
    'SecretMissing',
    /kubectl -n default create secret tls mine/,
  )
  assert.ok(!missing.status?.conditions?.some(({ type }) => type === 'Stalled'))
  await bed.until('papers', 'Ready', 'False', 'NotReady')
  await certificateSecret(bed, 'mine', ['other.example.org'])
  await says('papers', 'CertificateReady', 'False', 'WrongName', /mine is not for papers\.example\.org/)
  await certificateSecret(bed, 'mine', ['papers.example.org'], Date.now() - 4000 * dayMs)
  await says('papers', 'CertificateReady', 'False', 'Expired', /mine ended on \d{4}-\d\d-\d\d/)
  await certificateSecret(bed, 'mine', ['papers.example.org'])
  await says('papers', 'CertificateReady', 'True', 'Issued', /^Valid until/)
  await bed.until('papers', 'Ready', 'True')
  assert.equal(await bed.object('Secret', 'papers-tls'), null)
})

test('cert-manager: missing, asked, waiting with its own words, issued, and left again', { skip }, async () => {
  const tls = { issuerRef: { name: 'letsencrypt' } }
  await apply('issued', { tls })
  await bed.until('issued', 'Stalled', 'True', 'CertManagerMissing')
  await installCertManager(bed)
  aheadMs += 61_000
  await bed.until('issued', 'Stalled', 'absent')
  const ref = { namespace: 'default', name: 'issued-tls' }
  const certificate = await eventually(async () => {
    const found = await bed.client.get(certificateResource, ref)
    assert.ok(found)
    return found
  })
  const { dnsNames, issuerRef } = certificate.spec as { dnsNames: string[]; issuerRef: { kind: string } }
  assert.deepEqual([dnsNames, issuerRef.kind], [['issued.example.org'], 'ClusterIssuer'])
  await certificateStatus(bed, 'issued-tls', false, 'Waiting for the order: DNS problem')
  await says(
    'issued',
    'CertificateReady',
    'False',
    'Pending',
    /Waiting for the order: DNS problem.*describe certificate/,
  )
  await certificateSecret(bed, 'issued-tls', ['issued.example.org'])
  await certificateStatus(bed, 'issued-tls', true, 'Certificate is up to date')
  await bed.until('issued', 'CertificateReady', 'True', 'Issued')
  await bed.until('issued', 'Ready', 'True')

  await certificateSecret(bed, 'mine-now', ['issued.example.org'])
  await apply('issued', { tls: { secretName: 'mine-now' } })
  await bed.until('issued', 'CertificateReady', 'True', 'Issued')
  await eventually(async () => assert.equal(await bed.client.get(certificateResource, ref), null))
})

test('what the API server refuses is told with its words; undone, all is well', { skip }, async () => {
  const exposure = { type: 'LoadBalancer', loadBalancerClass: 'example.org/one' }
  await apply('fixed', { exposure })
  await bed.balance('fixed-mail', '203.0.113.62')
  await bed.until('fixed', 'Ready', 'True')
  await apply('fixed', { exposure: { ...exposure, loadBalancerClass: 'example.org/two' }, turn: { replicas: 2 } })
  await says(
    'fixed',
    'Stalled',
    'True',
    'ChangeRefused',
    /change of Service fixed-mail: .*loadBalancerClass.*Undo the change/,
  )
  await says('fixed', 'TurnAvailable', 'True', 'Available', /^2 of 2 relays work/)
  await apply('fixed', { exposure, turn: { replicas: 2 } })
  await bed.until('fixed', 'Stalled', 'absent')
  await bed.until('fixed', 'Ready', 'True')
  const token = secretText(await bed.object('Secret', 'fixed-management-token'), 'management-token')
  assert.match(token ?? '', /^[0-9a-f]{64}$/)
})

test('a Secret with tokens that is missing is told with the command', { skip }, async () => {
  await apply('tokens', { mail: { registration: { mode: 'Token', tokenSecretName: 'invites' } } })
  const stalled = await bed.until('tokens', 'Stalled', 'True', 'SecretMissing')
  assert.match(messageOf(stalled, 'Stalled'), /kubectl -n default create secret generic invites/)
  const args = ['create', 'secret', 'generic', 'invites', '--from-literal=registration-tokens=one']
  await bed.api.kubectl(args)
  await bed.until('tokens', 'Ready', 'True')
})

test('no pass of all this has gone wrong, and nothing was told that must not be', { skip }, async () => {
  assert.deepEqual(bed.kubelet.problems, [])
  assert.deepEqual(bed.errors(), [])
  await assertDiscreet(bed)
})
