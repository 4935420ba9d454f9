import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command as Program } from 'commander'
import type { Manifest } from '../../hack/generate/install.ts'
import { commands } from '../../operator/cli/commands.ts'
import { type PodSpec, restrictedViolations } from '../support/pod-security.ts'
import { chartFolder, helm, namespace, needsHelm, ofKind, only, rendered } from './chart.ts'

type Switches = readonly boolean[]

/** Eleven things that a user may turn, and the values that turn them. */
const switches: readonly [name: string, on: object][] = [
  ['no CRD', { crds: { enabled: false } }],
  ['CRD not kept', { crds: { keep: false } }],
  ['no roles', { rbac: { create: false } }],
  ['no roles for users', { rbac: { aggregate: false } }],
  ['own account', { serviceAccount: { create: false, name: 'mine' } }],
  ['two replicas', { replicas: 2 }],
  ['namespaces', { watchNamespaces: ['team-a', 'team-b'] }],
  ['pod monitor', { metrics: { podMonitor: { enabled: true, labels: { release: 'prometheus' } } } }],
  ['service monitor', { metrics: { serviceMonitor: { enabled: true } } }],
  [
    'other image',
    { image: { repository: 'registry.example.org/x', digest: `sha256:${'a'.repeat(64)}`, pullSecrets: ['pull'] } },
  ],
  [
    'placement',
    {
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'control-plane', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      priorityClassName: 'high',
      podLabels: { team: 'post' },
      podAnnotations: { note: 'x' },
      service: { annotations: { note: 'y' } },
    },
  ],
]

/**
 * The design of Plackett and Burman for eleven factors: in these twelve rows each pair of switches takes all four of its
 * combinations, three times each.
 */
const firstRow = [1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0].map(Boolean)
const rows: readonly Switches[] = [
  ...firstRow.map((_, shift) => firstRow.map((_, index) => firstRow[(index + shift) % firstRow.length]!)),
  firstRow.map(() => false),
]

const merge = (into: Record<string, unknown>, from: object): Record<string, unknown> => {
  for (const [key, value] of Object.entries(from))
    into[key] = typeof value === 'object' && !Array.isArray(value) ? merge({ ...(into[key] as object) }, value) : value
  return into
}

const valuesOf = (row: Switches): object =>
  switches.reduce((values, [, on], index) => (row[index] ? merge(values, on) : values), {} as Record<string, unknown>)

const isOn = (row: Switches, name: string): boolean => row[switches.findIndex(([each]) => each === name)]!
const titleOf = (row: Switches): string =>
  switches.flatMap(([name], index) => (row[index] ? [name] : [])).join(', ') || 'no value given'

const expectedKinds = (row: Switches): Record<string, number> => {
  const count = (name: string, on: number, off: number) => (isOn(row, name) ? on : off)
  const roles = count('no roles', 0, 1)
  const watched = count('namespaces', 2, 0)
  return {
    CustomResourceDefinition: count('no CRD', 0, 1),
    ServiceAccount: count('own account', 0, 1),
    ClusterRole: roles + count('no roles for users', 0, 2),
    ClusterRoleBinding: roles,
    Role: roles * (1 + watched),
    RoleBinding: roles * (1 + watched),
    Deployment: 1,
    PodDisruptionBudget: count('two replicas', 1, 0),
    Service: 1,
    PodMonitor: count('pod monitor', 1, 0),
    ServiceMonitor: count('service monitor', 1, 0),
    Pod: 1,
  }
}

type Deployment = Manifest & {
  spec: {
    replicas: number
    selector: { matchLabels: Record<string, string> }
    template: { metadata: { labels: Record<string, string> }; spec: PodSpec & { [field: string]: unknown } }
  }
}

const deploymentOf = (objects: readonly Manifest[]) => only(objects, 'Deployment') as Deployment
const identity = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`

const assertEverythingMeets = (objects: readonly Manifest[]): void => {
  assert.equal(new Set(objects.map(identity)).size, objects.length, 'no object twice')
  const { selector, template } = deploymentOf(objects).spec
  const { labels } = template.metadata
  const matches = (wanted: object) => Object.entries(wanted).every(([key, value]) => labels[key] === value)
  assert.ok(matches(selector.matchLabels))
  assert.ok(matches((only(objects, 'Service') as unknown as { spec: { selector: object } }).spec.selector))
  for (const kind of ['PodDisruptionBudget', 'PodMonitor'])
    for (const object of ofKind(objects, kind) as unknown as { spec: { selector: { matchLabels: object } } }[])
      assert.ok(matches(object.spec.selector.matchLabels), kind)
}

const assertBindingsMeet = (objects: readonly Manifest[]): void => {
  const account = deploymentOf(objects).spec.template.spec.serviceAccountName
  const names = new Set(objects.map(identity))
  for (const binding of [...ofKind(objects, 'ClusterRoleBinding'), ...ofKind(objects, 'RoleBinding')]) {
    const { roleRef, subjects } = binding as unknown as { roleRef: { kind: string; name: string }; subjects: object[] }
    const place = roleRef.kind === 'Role' ? binding.metadata.namespace : ''
    assert.ok(names.has(`${roleRef.kind} ${place}/${roleRef.name}`), `${identity(binding)} binds a role that is there`)
    assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: account, namespace }])
  }
}

for (const row of rows)
  test(`renders: ${titleOf(row)}`, needsHelm, () => {
    const objects = rendered(valuesOf(row))
    const kinds = Object.fromEntries(
      Object.keys(expectedKinds(row)).map((kind) => [kind, ofKind(objects, kind).length]),
    )
    assert.deepEqual(kinds, expectedKinds(row))
    assert.equal(
      objects.length,
      Object.values(kinds).reduce((sum, count) => sum + count),
    )
    assertEverythingMeets(objects)
    assertBindingsMeet(objects)
    for (const pod of [
      deploymentOf(objects).spec.template.spec,
      (only(objects, 'Pod') as unknown as { spec: PodSpec }).spec,
    ])
      assert.deepEqual(restrictedViolations(pod), [])
  })

test('the operator gives the pods of servers the image that it runs itself', needsHelm, () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const cases: [object, string][] = [
    [{}, 'chatmail-operator:0.1.0'],
    [{ repository: 'registry.example.org:5000/x', tag: 'edge' }, 'registry.example.org:5000/x:edge'],
    [{ repository: 'registry.example.org/x', tag: 'edge', digest }, `registry.example.org/x@${digest}`],
  ]
  for (const [image, reference] of cases) {
    const objects = rendered({ image })
    const [container] = deploymentOf(objects).spec.template.spec.containers as unknown as {
      image: string
      args: string[]
    }[]
    assert.equal(container!.image, reference)
    assert.ok(container!.args.includes(`--image=${reference}`))
    assert.equal(
      (only(objects, 'Pod') as unknown as { spec: { containers: { image: string }[] } }).spec.containers[0]!.image,
      reference,
    )
  }
})

test('the command takes every flag that the chart gives it', needsHelm, () => {
  const { options } = commands.find(({ name }) => name === 'operator')!
  const program = new Program().exitOverride()
  for (const option of options()) program.addOption(option)
  const values = { watchNamespaces: ['team-a', 'team-b'], logLevel: 'debug' }
  const [container] = deploymentOf(rendered(values)).spec.template.spec.containers as unknown as {
    command: string[]
    args: string[]
  }[]
  assert.deepEqual(container!.command, ['chatmail', 'operator'])
  assert.deepEqual(program.parse(container!.args, { from: 'user' }).opts(), {
    image: 'chatmail-operator:0.1.0',
    namespace: ['team-a', 'team-b'],
    leaderElection: true,
    listen: 9650,
    logLevel: 'debug',
  })
})

test('watched namespaces are told to the operator, one by one', needsHelm, () => {
  const args = (values: object) =>
    (deploymentOf(rendered(values)).spec.template.spec.containers as unknown as { args: string[] }[])[0]!.args
  const told = (values: object) => args(values).filter((word) => word.startsWith('--namespace'))
  assert.deepEqual(told({}), [])
  assert.deepEqual(told({ watchNamespaces: ['team-a', 'team-b'] }), ['--namespace=team-a', '--namespace=team-b'])
})

test('only the operator has a token, and nothing lies in its file system that could be written', needsHelm, () => {
  const objects = rendered()
  const { spec } = deploymentOf(objects).spec.template
  assert.equal(spec.automountServiceAccountToken, true)
  assert.equal(
    (only(objects, 'Pod') as unknown as { spec: PodSpec & { automountServiceAccountToken: boolean } }).spec
      .automountServiceAccountToken,
    false,
  )
  for (const { securityContext } of spec.containers)
    assert.equal((securityContext as { readOnlyRootFilesystem?: boolean }).readOnlyRootFilesystem, true)
})

test('the names of a release say which it is', needsHelm, () => {
  const nameOf = (release: string) => {
    const { stdout } = helm([
      'template',
      release,
      chartFolder,
      '--namespace',
      'x',
      '--show-only',
      'templates/service.yaml',
    ])
    return /\n {2}name: (.*)/.exec(stdout)?.[1]
  }
  assert.equal(nameOf('chatmail-operator'), 'chatmail-operator')
  assert.equal(nameOf('mine'), 'mine-chatmail-operator')
})

test('helm lint finds nothing', needsHelm, () => {
  const { status, stdout, stderr } = helm(['lint', '--strict', chartFolder])
  assert.equal(status, 0, stdout + stderr)
})
