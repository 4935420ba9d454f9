import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Registry } from 'prom-client'
import type { Access } from './access.ts'
import { type ClientOptions, KubeClient } from './client.ts'
import { isTooManyRequests, isUnauthorized } from './errors.ts'
import type { KubeObject, Resource } from './objects.ts'

const secrets: Resource = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }
const ref = { namespace: 'ns', name: 'a' }
const secret: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata: ref }

type Reply = { status?: number; headers?: Record<string, string>; body?: unknown } | 'break'
type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string }

/** A server that gives these replies one after the other, the last one for ever, and remembers what it was asked. */
const scripted = async (t: TestContext, replies: readonly Reply[], options: ClientOptions = {}) => {
  const seen: Seen[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const reply = replies[Math.min(seen.length, replies.length - 1)]!
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
      if (reply === 'break') return response.destroy()
      response.writeHead(reply.status ?? 200, reply.headers)
      return response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const credentials = { token: 'old', refreshed: 0 }
  const access: Access = {
    server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`),
    tls: async () => ({}),
    headers: async () => ({ authorization: `Bearer ${credentials.token}` }),
    refresh: async () => {
      credentials.token = 'new'
      credentials.refreshed++
    },
  }
  const client = new KubeClient(access, { retries: { attempts: 3, baseMs: 1, maxMs: 2000 }, ...options })
  t.after(async () => {
    await client.close()
    await new Promise((resolve) => server.close(resolve))
  })
  return { client, seen, credentials }
}

const status = (code: number, reason: string) => ({ kind: 'Status', code, reason, message: `${reason}!` })
const failing = (code: number, headers?: Record<string, string>): Reply => ({
  status: code,
  body: status(code, 'Test'),
  ...(headers && { headers }),
})

test('what can be done twice is done again after a failure of the server or the connection', async (t) => {
  const { client, seen } = await scripted(t, [failing(500), 'break', { body: secret }])
  assert.deepEqual(await client.get(secrets, ref), secret)
  assert.equal(seen.length, 3)
  assert.equal(seen[0]!.url, '/prefix/api/v1/namespaces/ns/secrets/a')
})

test('attempts are bounded', async (t) => {
  const { client, seen } = await scripted(t, [failing(503)])
  await assert.rejects(client.apply(secrets, secret, { manager: 'm', force: true }), { status: 503 })
  assert.equal(seen.length, 3)
})

test('a creation is not done twice, unless the server refused to look at it', async (t) => {
  const broken = await scripted(t, ['break', { body: secret }])
  await assert.rejects(broken.client.create(secrets, secret))
  assert.equal(broken.seen.length, 1)
  const failed = await scripted(t, [failing(500), { body: secret }])
  await assert.rejects(failed.client.create(secrets, secret), { status: 500 })
  assert.equal(failed.seen.length, 1)
  const busy = await scripted(t, [failing(429, { 'retry-after': '0' }), { status: 201, body: secret }])
  await busy.client.create(secrets, secret)
  assert.equal(busy.seen.length, 2)
})

test('a refusal of what was asked is not asked again', async (t) => {
  const { client, seen } = await scripted(t, [failing(409)])
  await assert.rejects(client.replace(secrets, secret), { status: 409, reason: 'Test', message: 'Test!' })
  assert.equal(seen.length, 1)
})

test('a server that wants to be left alone for long is left to the caller', async (t) => {
  const { client, seen } = await scripted(t, [failing(429, { 'retry-after': '3600' })])
  await assert.rejects(client.get(secrets, ref), (error: unknown) => {
    assert.ok(isTooManyRequests(error))
    assert.equal(error.retryAfterMs, 3_600_000)
    return true
  })
  assert.equal(seen.length, 1)
})

test('an expired credential is renewed once', async (t) => {
  const renewed = await scripted(t, [failing(401), { body: secret }])
  await renewed.client.get(secrets, ref)
  assert.deepEqual(
    renewed.seen.map(({ headers }) => headers.authorization),
    ['Bearer old', 'Bearer new'],
  )
  const refused = await scripted(t, [failing(401)])
  await assert.rejects(refused.client.get(secrets, ref), isUnauthorized)
  assert.equal(refused.seen.length, 2)
})

test('waiting for the next attempt ends with the signal', async (t) => {
  const { client, seen } = await scripted(t, [failing(429, { 'retry-after': '1' })])
  const ending = new AbortController()
  const listing = client.list(secrets, { signal: ending.signal })
  const check = setInterval(() => seen.length > 0 && ending.abort(), 1)
  t.after(() => clearInterval(check))
  await assert.rejects(listing, { name: 'AbortError' })
})

test('when the snapshot of a list is compacted away between two pages, it is read in one', async (t) => {
  const { client, seen } = await scripted(t, [
    { body: { metadata: { resourceVersion: '5', continue: 'next' }, items: [secret] } },
    { status: 410, body: status(410, 'Expired') },
    { body: { metadata: { resourceVersion: '9' }, items: [{ metadata: ref }] } },
  ])
  assert.deepEqual(await client.list(secrets), { items: [secret], resourceVersion: '9' })
  assert.deepEqual(
    seen.map(({ url }) => url.split('/secrets')[1]),
    ['?limit=500', '?limit=500&continue=next', ''],
  )
})

test('an answer that is no JSON is not quoted', async (t) => {
  const { client } = await scripted(t, [{ body: '{"data":{"token":"c2VjcmV0"' }])
  await assert.rejects(client.get(secrets, ref), (error: Error) => {
    assert.doesNotMatch(error.message, /c2Vj|token/)
    return true
  })
})

test('an apply sends neither managedFields nor strategic merges', async (t) => {
  const { client, seen } = await scripted(t, [{ body: secret }])
  const read = { ...secret, metadata: { ...ref, managedFields: [{ manager: 'm' }] } }
  await client.apply(secrets, read, { manager: 'm', force: false })
  const [{ method, url, headers, body }] = seen as [Seen]
  assert.equal(method, 'PATCH')
  assert.match(url, /\?fieldManager=m&force=false$/)
  assert.equal(headers['content-type'], 'application/apply-patch+yaml')
  assert.deepEqual(JSON.parse(body), secret)
})

test('warnings are handed on and calls are counted', async (t) => {
  const warnings: string[] = []
  const metrics = new Registry()
  const { client } = await scripted(
    t,
    [{ body: secret, headers: { warning: '299 - "use \\"v2\\"", 299 kube "soon gone"' } }, failing(404)],
    { metrics, onWarning: (text) => warnings.push(text) },
  )
  await client.get(secrets, ref)
  assert.equal(await client.get(secrets, ref), null)
  assert.deepEqual(warnings, ['use "v2"', 'soon gone'])
  const text = await metrics.metrics()
  assert.match(text, /rest_client_requests_total\{code="200",method="GET"\} 1/)
  assert.match(text, /rest_client_requests_total\{code="404",method="GET"\} 1/)
  assert.match(text, /rest_client_request_duration_seconds_count\{verb="GET"\} 2/)
})

test('a kubeconfig that is not there is told by the call', async () => {
  const client = KubeClient.fromConfig({ kubeconfig: '/nowhere/kubeconfig' })
  await assert.rejects(client.raw('GET', '/version'), /ENOENT.*nowhere/)
  await client.close()
})
