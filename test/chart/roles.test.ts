import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namespace, needsHelm, rendered } from './chart.ts'
import { grants, isForUsers, operatorRoles, rolesOf } from './grants.ts'

const cases: [string, object][] = [
  ['all namespaces', {}],
  ['two namespaces', { watchNamespaces: ['team-a', 'team-b'] }],
]

for (const [title, values] of cases)
  test(`${title}: no wildcard, and nothing by which the operator could give itself more`, needsHelm, () => {
    const given = operatorRoles(rendered(values)).flatMap(grants)
    assert.ok(given.length > 50)
    for (const line of given) assert.doesNotMatch(line, /\*/)
    for (const line of given)
      assert.doesNotMatch(
        line,
        /rbac\.authorization|escalate|impersonate|\bbind\b|pods\/exec|serviceaccounts\/token|deletecollection|webhook/,
      )
  })

test('for all namespaces one role holds what servers need', needsHelm, () => {
  const objects = rendered()
  const cluster = rolesOf(objects, 'ClusterRole').filter((role) => !isForUsers(role))
  assert.equal(cluster.length, 1)
  assert.ok(grants(cluster[0]!).includes('list secrets'))
  assert.deepEqual(
    rolesOf(objects, 'Role').map(({ metadata }) => metadata.namespace),
    [namespace],
  )
})

test('with watched namespaces nothing of theirs is seen elsewhere, least of all Secrets', needsHelm, () => {
  const objects = rendered({ watchNamespaces: ['team-a', 'team-b'] })
  const cluster = rolesOf(objects, 'ClusterRole').filter((role) => !isForUsers(role))
  assert.deepEqual(cluster.flatMap(grants), [
    ...['get nodes', 'list nodes', 'watch nodes', 'get namespaces'],
    'list servicecidrs.networking.k8s.io',
    'get endpointslices.discovery.k8s.io kubernetes',
  ])
  const byNamespace = new Map(rolesOf(objects, 'Role').map((role) => [role.metadata.namespace, grants(role)]))
  assert.deepEqual([...byNamespace.keys()].sort(), [namespace, 'team-a', 'team-b'].sort())
  const [all] = rolesOf(rendered(), 'ClusterRole').filter((role) => !isForUsers(role))
  for (const watched of ['team-a', 'team-b'])
    assert.deepEqual(
      [...byNamespace.get(watched)!, ...cluster.flatMap(grants)].sort(),
      grants(all!).sort(),
      'the same rights as for all namespaces, no more and no less',
    )
})

test('in its own namespace it has the lease of the leader and nothing else', needsHelm, () => {
  for (const [, values] of cases) {
    const own = rolesOf(rendered(values), 'Role').filter(({ metadata }) => metadata.namespace === namespace)
    const lease = 'leases.coordination.k8s.io'
    assert.deepEqual(own.flatMap(grants), [
      `create ${lease}`,
      ...['get', 'update', 'patch'].map((verb) => `${verb} ${lease} chatmail-operator`),
    ])
  }
})

test('its own namespace may be a watched one', needsHelm, () => {
  const objects = rendered({ watchNamespaces: [namespace] })
  const names = rolesOf(objects, 'Role').map(({ metadata }) => metadata.name)
  assert.equal(new Set(names).size, 2)
})

test('people get ChatmailServers by the roles that they have, and never the status', needsHelm, () => {
  const users = rolesOf(rendered(), 'ClusterRole').filter(isForUsers)
  assert.equal(users.length, 2)
  const given = users.flatMap(grants)
  assert.ok(given.every((line) => line.includes('chatmailservers')))
  assert.ok(!given.some((line) => /(update|patch|create) chatmailservers\/status/.test(line)))
  const [view] = users.filter(({ metadata }) => metadata.name.endsWith(':view'))
  assert.ok(grants(view!).every((line) => /^(get|list|watch) /.test(line)))
})
