import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counter, Registry } from 'prom-client'
import { HealthServer } from './health.ts'

test('checks are judged when they are asked for, and metrics are shown', async (t) => {
  const metrics = new Registry()
  new Counter({ name: 'things_total', help: 'Things.', registers: [metrics] }).inc(3)
  const state = { synced: false }
  const server = await HealthServer.listen({
    port: 0,
    address: '127.0.0.1',
    metrics,
    healthz: { ping: () => null },
    readyz: {
      caches: () => (state.synced ? null : 'not filled yet'),
      api: async () => {
        if (!state.synced) throw new Error('with a detail that stays inside')
        return null
      },
    },
  })
  t.after(() => server.close())
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
    return { status: response.status, body: await response.text() }
  }
  assert.deepEqual(await get('/healthz'), { status: 200, body: 'ok\n' })
  assert.deepEqual(await get('/readyz?verbose'), { status: 503, body: 'caches: not filled yet\napi: failed\n' })
  state.synced = true
  assert.equal((await get('/readyz')).status, 200)
  assert.match((await get('/metrics')).body, /things_total 3/)
  assert.equal((await get('/elsewhere')).status, 404)
  assert.equal((await get('/healthz', 'POST')).status, 405)
  await assert.rejects(HealthServer.listen({ port: server.port, address: '127.0.0.1', metrics }), {
    code: 'EADDRINUSE',
  })
})
