import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { turnPassword } from '../../contract/credential.ts'
import type { Relays, TurnEndpoint } from '../../contract/relays.ts'
import { endpointFor } from './endpoint.ts'
import { createServerMetadata } from './server-metadata.ts'

const endpoint = (id: string, state: TurnEndpoint['state'] = 'ready'): TurnEndpoint => ({
  id,
  host: `${id}.example.org`,
  port: 3478,
  state,
})

const ring = {
  generation: 1,
  keys: [{ id: 'k1', secret: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=', role: 'sign' as const, since: 0 }],
}
const ttl = 5 * 86400
const now = 1_795_548_186

const metadata = (relays: Relays, enabled = true) =>
  createServerMetadata({
    keyring: () => ring,
    relays: () => relays,
    turn: { enabled, credentialTtl: ttl },
    maxRecipients: 1000,
    comment: null,
    admin: 'mailto:admin@example.org',
    now: () => now * 1000,
  })

const turnKey = '/shared/vendor/deltachat/turn'

test('the turn value is host, port, expiry and the HMAC of the expiry', () => {
  const [host, port, expiry, ...password] = metadata({ turn: [endpoint('a')], iroh: null })(7, turnKey)!.split(':')
  assert.equal(host, 'a.example.org')
  assert.equal(port, '3478')
  assert.equal(password.join(':'), turnPassword(ring.keys[0]!.secret, expiry!))
  assert.ok(Number(expiry) <= now + ttl && Number(expiry) > now + ttl * 0.9)
})

test('two hundred accounts rarely share a user name, one account keeps its own', () => {
  const value = metadata({ turn: [endpoint('a')], iroh: null })
  const names = Array.from({ length: 200 }, (_, account) => value(account, turnKey)!.split(':')[2])
  assert.ok(new Set(names).size > 190)
  assert.equal(value(3, turnKey), value(3, turnKey))
})

test('without TURN, or with none ready, the value is well-formed and its host never resolves', () => {
  for (const value of [
    metadata({ turn: [endpoint('a')], iroh: null }, false)(1, turnKey),
    metadata({ turn: [endpoint('a', 'draining')], iroh: null })(1, turnKey),
    metadata({ turn: [], iroh: null })(1, turnKey),
  ]) {
    assert.match(value!, /^[a-z-]+\.invalid:3478:\d+:off$/)
    assert.ok(Number(value!.split(':')[2]) > now + 12 * 3600)
  }
})

test('an iroh relay is told when there is one, and never left open to a third party', () => {
  const entry = '/shared/vendor/deltachat/irohrelay'
  assert.equal(metadata({ turn: [], iroh: 'https://chat.example.org' })(1, entry), 'https://chat.example.org')
  assert.match(metadata({ turn: [], iroh: null })(1, entry)!, /\.invalid\/$/)
})

test('entries that the server does not have are null, whatever their name', () => {
  for (const entry of ['/shared/vendor/deltachat/appversions', '/shared/comment', 'constructor', '__proto__'])
    assert.equal(metadata({ turn: [], iroh: null })(1, entry), null)
})

test('an endpoint that goes moves only the accounts that it had', () => {
  const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 2, maxLength: 6 })
  fc.assert(
    fc.property(ids, fc.nat(), fc.nat(), (names, gone, account) => {
      const all = names.map((name) => endpoint(name))
      const leaving = all[gone % all.length]!
      const before = endpointFor(all, account)!
      const after = endpointFor(
        all.map((each) => (each === leaving ? { ...each, state: 'draining' as const } : each)),
        account,
      )!
      if (before.id !== leaving.id) assert.equal(after.id, before.id)
      else assert.notEqual(after.id, leaving.id)
    }),
  )
})
