// What coturn is told by its file, and that nothing else can get into it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { z } from 'zod'
import { turnConfig } from '../../contract/turn-config.ts'
import type { ServerAddresses } from '../address/machine.ts'
import { coturnSettings, type Setting, settingsText } from './settings.ts'

const base: z.input<typeof turnConfig> = {
  realm: 'chatmail',
  listen: { addresses: ['192.0.2.7', '2001:db8::7'], port: 3478 },
  management: { port: 9641 },
  relay: {
    min: 50_000,
    max: 50_100,
    ipv4: '192.0.2.7',
    ipv6: '2001:db8::7',
    publicIpv4: '203.0.113.7',
    publicIpv6: null,
  },
  limits: { allocations: 2000, allocationsPerCredential: 10, allocationsPerIP: 50, bandwidth: 64_000 },
  lifetime: {},
  peers: { deny: [], allow: [] },
  drain: { deadline: 60 },
}
const addresses: ServerAddresses = {
  listen: ['192.0.2.7', '2001:db8::7'],
  relay: { 4: '192.0.2.7', 6: '2001:db8::7' },
  told: { 4: '203.0.113.7', 6: '2001:db8::7' },
  behind: { 4: '192.0.2.7', 6: null },
  machine: [],
}

const settings = (change: Partial<z.input<typeof turnConfig>> = {}, tls = false): Setting[] =>
  coturnSettings(
    turnConfig.parse({ ...base, ...change }),
    addresses,
    { allow: [], deny: ['10.0.0.0-10.255.255.255'] },
    tls,
  )

const values = (list: readonly Setting[], name: string): (string | number | undefined)[] =>
  list.filter((each) => each[0] === name).map((each) => each[1])

test('addresses, ports, limits and peers of the configuration are in the file', () => {
  const list = settings()
  assert.deepEqual(values(list, 'listening-ip'), ['192.0.2.7', '2001:db8::7'])
  assert.deepEqual(values(list, 'relay-ip'), ['192.0.2.7', '2001:db8::7'])
  assert.deepEqual(values(list, 'external-ip'), ['203.0.113.7/192.0.2.7'])
  assert.deepEqual(values(list, 'denied-peer-ip'), ['10.0.0.0-10.255.255.255'])
  for (const line of [
    'min-port=50000',
    'max-port=50100',
    'total-quota=2000',
    'user-quota=10',
    'max-bps=64000',
    'no-cli',
  ])
    assert.ok(settingsText(list).split('\n').includes(line), line)
  assert.doesNotMatch(settingsText(list), /secret=|allow-loopback-peers|no-stun\n|bps-capacity/)
})

test('TLS where there is a certificate, further ports, and a server that answers no Binding', () => {
  const listen = { ...base.listen, tcpPorts: [443] }
  assert.deepEqual(values(settings({ listen }, true), 'tls-listening-port'), [3478])
  assert.deepEqual(values(settings({ listen }), 'aux-server'), ['192.0.2.7:443', '[2001:db8::7]:443'])
  assert.equal(values(settings(), 'no-tls').length, 1)
  assert.equal(values(settings({ listen: { ...listen, tcp: false } }), 'no-tcp').length, 1)
  assert.equal(values(settings({ forceRelayOnly: true }), 'no-stun').length, 1)
})

test('loopback peers are refused unless something on loopback is allowed', () => {
  const allowing = (allow: string[]) => values(settings({ peers: { deny: [], allow } }), 'allow-loopback-peers').length
  assert.deepEqual([['198.51.100.0/24'], ['127.0.0.5'], ['::/0'], ['0.0.0.0/0']].map(allowing), [0, 1, 1, 1])
})

/** What a line or a word of it ends with, among others. */
const control = fc.constantFrom('\n', '\r', '\0', '\u2028', ' ', '#', '=', '"', 'a', 'é')

test('a value is one line with one meaning, or refused with its name', () => {
  assert.throws(() => settingsText(settings({ realm: 'a\nno-auth' })), /config\.yaml: realm: found "a\\nno-auth"/)
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 64 }), fc.string({ unit: control, maxLength: 8 })), (realm) => {
      const list: Setting[] = [['realm', realm], ['no-cli']]
      try {
        assert.equal(settingsText(list), `realm=${realm}\nno-cli\n`)
        assert.doesNotMatch(realm, /^$|[\s'"#=]/)
      } catch (error) {
        assert.equal((error as { exitCode?: number }).exitCode, 78, String(error))
      }
    }),
  )
})
