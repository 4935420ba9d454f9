import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Counter, Registry } from 'prom-client'
import { workloadState } from '../../contract/state.ts'
import { managementServer } from './server.ts'

const token = 'a-management-token-of-some-length'

test('health is open, state and metrics want the token', async (t) => {
  const status = { ready: false }
  const metrics = new Registry()
  new Counter({ name: 'chatmail_things_total', help: 'Things.', registers: [metrics] }).inc(3)
  const server = managementServer({
    token: () => token,
    readiness: () => ({ ...status, note: '' }),
    metrics,
    state: async () => ({ workload: 'mail', ready: true, draining: false, loaded: {}, counts: { sessions: 2 } }),
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(base + path, { headers })
    return { status: response.status, body: await response.text() }
  }
  const withToken = { authorization: `Bearer ${token}` }

  assert.equal((await get('/healthz')).status, 200)
  assert.equal((await get('/readyz')).status, 503)
  status.ready = true
  assert.equal((await get('/readyz')).status, 200)
  for (const path of ['/state', '/metrics']) {
    assert.equal((await get(path)).status, 401)
    assert.equal((await get(path, { authorization: 'Bearer wrong' })).status, 401)
  }
  assert.match((await get('/metrics', withToken)).body, /chatmail_things_total 3/)
  assert.equal(workloadState.parse(JSON.parse((await get('/state', withToken)).body)).counts.sessions, 2)
  assert.equal((await get('/elsewhere', withToken)).status, 404)
  assert.equal((await fetch(`${base}/healthz`, { method: 'POST' })).status, 405)
})
