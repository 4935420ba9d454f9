import assert from 'node:assert/strict'
import { test } from 'node:test'
import { irohConfig } from '../../../workloads/contract/iroh-config.ts'
import { mailConfig } from '../../../workloads/contract/mail-config.ts'
import { apiVersion, kind, parseServer } from '../../api/chatmail-server.ts'
import { type Facts, outsideACluster, type Platform } from '../facts.ts'
import { relaysText } from '../files.ts'
import { render } from '../index.ts'
import { renderMailConfig } from '../mail/config.ts'
import { portRows } from '../ports.ts'
import { renderIrohConfig } from './config.ts'
import { insideTheCluster, irohReach, irohUrl } from './reach.ts'

const serverOf = (spec: object = {}) => {
  const parsed = parseServer({
    apiVersion,
    kind,
    metadata: { name: 'chat', namespace: 'mail' },
    spec: { domain: 'chat.example.org', ...spec },
  })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.server
}

const factsOf = (platform: Platform, selfSigned: boolean, change: Partial<Facts> = {}): Facts => ({
  platform,
  image: 'registry.example.org/chatmail:1',
  publicHost: 'chat.example.org',
  listenAddress: '::',
  managementAddress: '::',
  certificate: { secretName: 'chat-tls', issuer: null, pem: null, selfSigned },
  keyring: '',
  managementToken: '',
  turnNodes: [],
  ...outsideACluster,
  turnEndpoints: [],
  irohUrl: null,
  ...change,
})

const configs = (platform: Platform, selfSigned: boolean, spec: object = {}) => {
  const [server, facts] = [serverOf(spec), factsOf(platform, selfSigned)]
  return {
    url: irohUrl(server, facts),
    iroh: irohConfig.parse(renderIrohConfig(server, facts)),
    mail: mailConfig.parse(renderMailConfig(server, facts)).iroh,
  }
}

test('with a certificate that clients trust, the relay is behind the HTTPS port of mail, which alone reaches it', () => {
  const cluster = configs('cluster', false)
  assert.equal(cluster.url, 'https://chat.example.org/')
  assert.deepEqual(cluster.iroh.proxied, { address: '::', port: 3340 })
  assert.deepEqual(cluster.iroh.listen, { http: null, https: null })
  assert.deepEqual(cluster.mail, { host: 'chat-iroh.mail.svc', port: 3340 })
  const local = configs('local', false, { iroh: { port: 4000 } })
  assert.equal(local.url, 'https://chat.example.org:2443/')
  assert.deepEqual(local.iroh.proxied, { address: '127.0.0.1', port: 4000 })
  assert.deepEqual(local.mail, { host: '127.0.0.1', port: 4000 })
})

test('with one of its own it is offered without TLS: in a cluster on the HTTP port of mail, here on its own', () => {
  const cluster = configs('cluster', true)
  assert.equal(cluster.url, 'http://chat.example.org/')
  assert.deepEqual(cluster.mail, { host: 'chat-iroh.mail.svc', port: 3340 })
  const local = configs('local', true)
  assert.equal(local.url, 'http://chat.example.org:3340/')
  assert.deepEqual(local.iroh.listen, { http: 3340, https: null })
  assert.equal(local.iroh.proxied, null)
  assert.equal(local.mail, null)
})

test('limits: without any those that the relay has by itself, else those of the spec', () => {
  const { limits } = configs('cluster', false).iroh
  assert.deepEqual(limits, irohConfig.shape.limits.parse({}))
  const given = {
    connections: 2,
    connectionsPerIP: 3,
    newPerSecond: 4,
    newBurst: 5,
    bandwidth: 70_001,
    bandwidthBurst: 70_002,
    bandwidthPerIP: 70_003,
    bandwidthBurstPerIP: 70_004,
  }
  for (const platform of ['cluster', 'local'] as const)
    assert.deepEqual(configs(platform, false, { iroh: { limits: given } }).iroh.limits, {
      ...limits,
      connections: 2,
      connectionsPerAddress: 3,
      newPerSecond: 4,
      newBurst: 5,
      connectionPace: { bytesPerSecond: 70_001, burst: 70_002 },
      addressPace: { bytesPerSecond: 70_003, burst: 70_004 },
    })
})

test('an address instead of a name, a port that the cluster has given', () => {
  const server = serverOf({ domain: '[203.0.113.7]', exposure: { type: 'NodePort' } })
  const facts = factsOf('cluster', true, { publicHost: '203.0.113.7', nodePorts: { http: 30080 } })
  assert.equal(irohUrl(server, facts), 'http://203.0.113.7:30080/')
  assert.equal(irohUrl(serverOf(), factsOf('local', true, { publicHost: '2001:db8::7' })), 'http://[2001:db8::7]:3340/')
})

test('inside the cluster a relay behind mail is found by the Service, at the port behind the one of the URL', () => {
  const server = serverOf({ exposure: { type: 'NodePort', ports: { https: 30443 } } })
  const place = factsOf('cluster', false)
  assert.equal(irohUrl(server, place), 'https://chat.example.org:30443/')
  assert.deepEqual(insideTheCluster(server, place), { host: 'chat-mail.mail.svc', port: 443 })
  assert.deepEqual(insideTheCluster(server, factsOf('cluster', true)), { host: 'chat-mail.mail.svc', port: 80 })
  assert.equal(insideTheCluster(server, factsOf('local', false)), null)
})

test('a relay of others is neither run nor passed on to, and of none nothing is said', () => {
  for (const [spec, url] of [
    [{ iroh: { mode: 'External', url: 'http://relay.example.org:3340' } }, 'http://relay.example.org:3340/'],
    [{ iroh: { mode: 'Disabled' } }, null],
  ] as const) {
    const [server, facts] = [serverOf(spec), factsOf('cluster', false)]
    assert.equal(irohUrl(server, facts), url)
    assert.equal(mailConfig.parse(renderMailConfig(server, facts)).iroh, null)
    assert.ok(!render(server, facts).some(({ metadata }) => metadata.name.startsWith('chat-iroh')))
    assert.ok(!portRows(server, 'local').some(({ field }) => field.includes('iroh')))
  }
})

test('clients are told what is proven, and nothing else', () => {
  const server = serverOf({ iroh: { mode: 'External', url: 'https://relay.example.org' } })
  assert.equal(JSON.parse(relaysText(server, factsOf('cluster', false))).iroh, null)
  const proven = factsOf('cluster', false, { irohUrl: 'https://relay.example.org/' })
  assert.equal(JSON.parse(relaysText(server, proven)).iroh, 'https://relay.example.org/')
})

test('one pod, a new one before the old one goes, which mail alone may speak to', () => {
  const objects = render(serverOf(), factsOf('cluster', false))
  const of = (kindOf: string) =>
    objects.find((object) => object.kind === kindOf && object.metadata.name === 'chat-iroh') as unknown as {
      spec: Record<string, unknown>
    }
  const { replicas, strategy } = of('Deployment').spec
  assert.deepEqual(
    [replicas, strategy],
    [1, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }],
  )
  const [fromMail] = of('NetworkPolicy').spec.ingress as { from: object[]; ports: { port: number }[] }[]
  assert.match(JSON.stringify(fromMail!.from), /"podSelector":.*"app.kubernetes.io\/component":"mail"/)
  assert.deepEqual(fromMail!.ports, [{ protocol: 'TCP', port: 3340 }])
})

test('which port is for clients', () => {
  const row = (direct: boolean) => portRows(serverOf(), 'local', {}, direct).find(({ from }) => from === 3340)?.audience
  assert.deepEqual([row(true), row(false)], ['clients', 'management'])
  assert.ok(!portRows(serverOf(), 'cluster').some(({ from, audience }) => from === 3340 && audience === 'clients'))
  assert.equal(irohReach(serverOf(), factsOf('cluster', true)), 'shared')
})
