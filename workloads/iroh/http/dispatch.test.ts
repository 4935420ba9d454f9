import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chosenSubProtocol, isRelayPath, type Route, routeOf } from './dispatch.ts'

test('what a request asks for', () => {
  const cases: [string | undefined, string | undefined, Route][] = [
    ['iroh derp http', undefined, 'legacy-stream'],
    ['Iroh Derp HTTP', undefined, 'unknown'],
    ['websocket', undefined, 'legacy-web-socket'],
    ['WebSocket', 'iroh-relay-v1', 'modern-1'],
    ['websocket', 'iroh-relay-v1, iroh-relay-v2', 'modern-2'],
    ['websocket', 'iroh-relay-v9,iroh-relay-v2', 'modern-2'],
    ['websocket', 'iroh-relay-v9', 'unknown'],
    ['websocket', '', 'unknown'],
    ['h2c', undefined, 'unknown'],
    [undefined, undefined, 'unknown'],
  ]
  for (const [upgrade, protocols, route] of cases) assert.equal(routeOf(upgrade, protocols), route)
})

test('the newest sub-protocol is taken, and none that nobody knows', () => {
  assert.equal(chosenSubProtocol(new Set(['iroh-relay-v1', 'iroh-relay-v2'])), 'iroh-relay-v2')
  assert.equal(chosenSubProtocol(new Set(['iroh-relay-v1', 'x'])), 'iroh-relay-v1')
  assert.equal(chosenSubProtocol(new Set(['x'])), false)
})

test('which paths are the relay’s', () => {
  for (const url of ['/relay', '/derp', '/relay?token=x']) assert.ok(isRelayPath(url))
  for (const url of ['/', '/relay/', '/relays', '', undefined]) assert.ok(!isRelayPath(url))
})
