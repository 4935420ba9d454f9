import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { KubeClient } from '../../../operator/kube/client.ts'
import { isUnauthorized } from '../../../operator/kube/errors.ts'
import { inClusterAccess, isInCluster } from '../../../operator/kube/in-cluster.ts'
import type { Resource } from '../../../operator/kube/objects.ts'
import { ApiServer, apiServerMissing } from '../../support/api-server.ts'
import { selfSignedCertificate } from '../../support/certificate.ts'

const skip = apiServerMissing()
const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }

let server: ApiServer
let token: string

before(async () => {
  if (skip) return
  server = await ApiServer.start()
  await server.kubectl(['-n', 'default', 'create', 'serviceaccount', 'pod'])
  await server.kubectl([
    'create',
    'clusterrolebinding',
    'pod',
    '--clusterrole=cluster-admin',
    '--serviceaccount=default:pod',
  ])
  token = await server.kubectl(['-n', 'default', 'create', 'token', 'pod'])
})
after(async () => {
  await server?.stop()
})

/** What a pod finds: the variables, and the folder of its service account. */
const pod = (name: string, content: string) => {
  const folder = join(server.folder, name)
  mkdirSync(folder)
  copyFileSync(server.pki.certificateFile('ca'), join(folder, 'ca.crt'))
  writeFileSync(join(folder, 'token'), content)
  const { hostname, port } = new URL(server.url)
  return { folder, env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port } }
}

test('a pod is let in by its service account', { skip }, async (t) => {
  const place = pod('in-cluster', token)
  assert.ok(isInCluster(place))
  assert.ok(!isInCluster({ ...place, env: {} }))
  const client = new KubeClient(inClusterAccess(place))
  t.after(() => client.close())
  assert.ok((await client.list(configMaps, { namespace: 'kube-system' })).items.length > 0)
})

test('a token that has ended is read again when it is refused', { skip }, async (t) => {
  const place = pod('expired', 'no-token-any-more')
  const client = new KubeClient(inClusterAccess(place))
  t.after(() => client.close())
  await assert.rejects(client.list(configMaps), isUnauthorized)
  writeFileSync(join(place.folder, 'token'), `${token}\n`)
  await assert.doesNotReject(client.list(configMaps))
})

test('a token is read again after a minute', { skip }, async () => {
  const place = pod('rotated', 'first')
  const clock = { now: 0 }
  const access = inClusterAccess({ ...place, now: () => clock.now })
  const sent = async () => (await access.headers()).authorization
  assert.equal(await sent(), 'Bearer first')
  writeFileSync(join(place.folder, 'token'), 'second')
  assert.equal(await sent(), 'Bearer first')
  clock.now += 60_001
  assert.equal(await sent(), 'Bearer second')
})

test('an address of IPv6 is written as URLs want it', () => {
  const access = inClusterAccess({ env: { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' } })
  assert.equal(access.server.href, 'https://[fd00::1]:6443/')
})

/** A kubeconfig with another user in the place of the administrator. */
const kubeconfigWith = (name: string, user: object): string => {
  const config = JSON.parse(readFileSync(server.kubeconfig, 'utf8'))
  config.users[0].user = user
  const path = join(server.folder, `${name}.kubeconfig`)
  writeFileSync(path, JSON.stringify(config))
  return path
}

test('a credential plugin is run, and run again when what it gave is refused', { skip }, async (t) => {
  const credential = join(server.folder, 'credential.json')
  const write = (value: string) => {
    const status = { token: value }
    writeFileSync(
      credential,
      JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }),
    )
  }
  write('no-token-any-more')
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'cat', args: [credential] }
  const client = KubeClient.fromConfig({ kubeconfig: kubeconfigWith('exec', { exec }) })
  t.after(() => client.close())
  await assert.rejects(client.list(configMaps), isUnauthorized)
  write(token)
  await assert.doesNotReject(client.list(configMaps))
})

test('a token in a kubeconfig is sent', { skip }, async (t) => {
  const client = KubeClient.fromConfig({ kubeconfig: kubeconfigWith('token', { token }) })
  t.after(() => client.close())
  await assert.doesNotReject(client.list(configMaps))
})

test('a server with a certificate of somebody else is not spoken to', { skip }, async (t) => {
  const place = pod('mistaken', token)
  const { cert } = await selfSignedCertificate(['127.0.0.1'])
  writeFileSync(join(place.folder, 'ca.crt'), cert)
  const client = new KubeClient(inClusterAccess(place))
  t.after(() => client.close())
  await assert.rejects(client.list(configMaps), /certificate/)
})
