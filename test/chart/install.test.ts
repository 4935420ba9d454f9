import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Manifest } from '../../hack/generate/install.ts'
import { ApiServer, apiServerMissing } from '../support/api-server.ts'
import { chartFolder, helm, namespace, needsHelm, only, rendered, root } from './chart.ts'

const account = `system:serviceaccount:${namespace}:chatmail-operator`
const crd = 'crd/chatmailservers.chatmail.dev'
const project = fileURLToPath(root)

describe('installed into a real API server', { skip: apiServerMissing() || needsHelm.skip }, () => {
  let server: ApiServer
  before(async () => {
    server = await ApiServer.start()
  })
  after(() => server?.stop())

  const release = (...words: string[]): string => {
    const [verb = '', ...rest] = words
    const flags = ['--kubeconfig', server.kubeconfig, '--namespace', namespace]
    const { status, stdout, stderr } = helm([verb, 'chatmail-operator', ...rest, ...flags])
    assert.equal(status, 0, stderr)
    return stdout
  }
  const apply = (...words: string[]) => server.kubectl(['apply', ...words])
  const may = async (verb: string, resource: string, where: string): Promise<boolean> => {
    const words = ['auth', 'can-i', verb, resource, '--namespace', where, '--as', account]
    // It answers no by its exit code too.
    return (await server.kubectl(words).catch(() => 'no')).trim() === 'yes'
  }

  test('one file for kubectl, twice without a conflict; then every sample is accepted', async () => {
    const file = join(project, 'deploy/install.yaml')
    await apply('--server-side', '-f', file)
    await apply('--server-side', '-f', file)
    await server.kubectl(['wait', '--for=condition=Established', '--timeout=30s', crd])
    const samples = globSync('crds/samples/*.yaml', { cwd: project }).flatMap((path) => ['-f', join(project, path)])
    const answer = await apply('--dry-run=server', ...samples)
    assert.equal(answer.trim().split('\n').length, samples.length / 2)
    assert.ok(await may('list', 'secrets', 'kube-system'))
  })

  test('the namespace, which enforces the level restricted, takes the pods of the operator and of `helm test`', async () => {
    const { metadata, spec } = (only(rendered(), 'Deployment') as unknown as { spec: { template: Manifest } }).spec
      .template as Manifest & { spec: object }
    const pods = [
      { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'operator', namespace }, spec },
      only(rendered(), 'Pod'),
    ]
    for (const pod of pods) await server.kubectl(['apply', '--dry-run=server', '-f', '-'], JSON.stringify(pod))
    const onNode = { ...pods[0], spec: { ...spec, hostNetwork: true } }
    await assert.rejects(
      server.kubectl(['apply', '--dry-run=server', '-f', '-'], JSON.stringify(onNode)),
      /violates PodSecurity "restricted/,
    )
  })

  test('Helm takes over what kubectl has applied, servers and all', async () => {
    await apply('-f', join(project, 'crds/samples/minimal.yaml'))
    release('install', chartFolder, '--take-ownership')
    assert.match(await server.kubectl(['get', 'chatmailserver', 'chat']), /chat\.example\.org/)
  })

  test('an upgrade to one namespace takes the rights for the others away', async () => {
    release('upgrade', chartFolder, '--force-conflicts', '--set', 'watchNamespaces={default}')
    assert.ok(await may('list', 'secrets', 'default'))
    assert.ok(!(await may('list', 'secrets', 'kube-system')))
    assert.ok(await may('create', 'leases.coordination.k8s.io', namespace))
    assert.ok(!(await may('create', 'leases.coordination.k8s.io', 'default')))
  })

  test('uninstall leaves the CRD and the servers, and nothing that has rights', async () => {
    release('uninstall')
    assert.match(await server.kubectl(['get', 'chatmailserver', 'chat']), /chat\.example\.org/)
    const left = await server.kubectl([
      'get',
      '--output=name',
      '--all-namespaces',
      'clusterrole,clusterrolebinding,role,deployment,service',
    ])
    assert.doesNotMatch(left, /chatmail/)
  })

  test('the next release finds the CRD, and upgrades by itself from then on', () => {
    release('install', chartFolder)
    release('upgrade', chartFolder, '--set', 'replicas=2')
  })
})
