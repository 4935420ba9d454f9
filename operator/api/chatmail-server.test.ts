import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { apiVersion, kind, parseServer, parseStoredServer } from './chatmail-server.ts'
import { type JsonSchema, openAPIV3Schema } from './crd.ts'
import { unsupported } from './support.ts'

const resource = (spec: object) => ({ apiVersion, kind, metadata: { name: 'chat' }, spec })
const withDomain = (spec: object) => resource({ domain: 'chat.example.org', ...spec })

const accepted = (input: unknown) => {
  const parsed = parseServer(input)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.server
}

const pathsOf = (input: unknown): string[] => {
  const parsed = parseServer(input)
  return parsed.ok ? [] : parsed.problems.map(({ path }) => path)
}

test('a domain alone is a whole server', () => {
  const { spec } = accepted(withDomain({}))
  assert.equal(spec.mail.storage.type, 'SQLite')
  assert.equal(spec.mail.limits.messageSize, 31457280)
  assert.equal(spec.mail.retention.largeMessageSize, '200Ki')
  assert.equal(spec.turn.port, 3478)
  assert.deepEqual(spec.turn.relayPorts, { min: 49152, max: 65535 })
  assert.equal(spec.turn.credentials.rotation.interval, '30d')
  assert.equal(spec.privacy.noLog, true)
  assert.equal(spec.exposure.ports.imaps, null)
})

test('domains: names, names with a leading _, addresses in brackets', () => {
  for (const domain of ['chat.example.org', 'localhost', '_chatmail.local', '[203.0.113.7]', 'xn--80ak6aa92e.com'])
    assert.deepEqual(pathsOf(resource({ domain })), [], domain)
  for (const domain of [
    '',
    'Chat.example.org',
    'chat..org',
    '-a.org',
    'a_b.org',
    '[300.1.1.1]',
    '203.0.113.7/8',
    'a b',
    'a\n',
  ])
    assert.deepEqual(pathsOf(resource({ domain })), ['spec.domain'], domain)
})

test('every problem is told by its path', () => {
  assert.deepEqual(
    pathsOf(
      withDomain({ turn: { port: 0, relayPorts: { min: 'x' } }, mail: { limits: { quota: 1 } }, extra: 1 }),
    ).sort(),
    ['spec.extra', 'spec.mail.limits.quota', 'spec.turn.port', 'spec.turn.relayPorts.min'],
  )
})

test('rules over several fields', () => {
  const broken: [object, string][] = [
    [{ mail: { replicas: 2 } }, 'spec.mail.replicas'],
    [{ mail: { storage: { type: 'PostgreSQL' } } }, 'spec.mail.storage.postgres'],
    [{ mail: { registration: { mode: 'Token' } } }, 'spec.mail.registration'],
    [{ tls: { source: 'Secret' } }, 'spec.tls'],
    [{ turn: { relayPorts: { min: 50000, max: 49999 } } }, 'spec.turn.relayPorts.max'],
    [{ turn: { publicAddress: { source: 'Static' } } }, 'spec.turn.publicAddress.addresses'],
    [{ turn: { port: 50000 } }, 'spec.turn.port'],
    [{ turn: { peers: { allow: ['10.0.0.0/33'] } } }, 'spec.turn.peers.allow[0]'],
    [{ turn: { peers: { nat64: ['2001:db8::/95'] } } }, 'spec.turn.peers.nat64[0]'],
    [{ turn: { engine: 'Coturn', workers: 2 } }, 'spec.turn.workers'],
    [{ turn: { workers: 65 } }, 'spec.turn.workers'],
    [{ iroh: { mode: 'External' } }, 'spec.iroh'],
    [{ iroh: { limits: { bandwidth: 65535 } } }, 'spec.iroh.limits.bandwidth'],
  ]
  for (const [spec, path] of broken) assert.deepEqual(pathsOf(withDomain(spec)), [path])
})

test('what this version cannot do is refused by name', () => {
  const { spec } = accepted(withDomain({ turn: { replicas: 2 }, tls: { source: 'ACME' } }))
  assert.deepEqual(
    unsupported(spec, 'local').map(({ path }) => path),
    ['spec.turn.replicas', 'spec.tls.source'],
  )
  assert.deepEqual(
    unsupported(spec, 'cluster').map(({ path }) => path),
    ['spec.tls.source'],
  )
  assert.deepEqual(unsupported(accepted(withDomain({})).spec, 'local'), [])
})

test('a field of a newer definition is left out of what the API server holds, and everything else is still checked', () => {
  const stored = {
    ...withDomain({ turn: { port: 3479, speed: 'high' }, later: { a: 1 } }),
    status: { observedGeneration: -1 },
  }
  const parsed = parseStoredServer(stored)
  assert.ok(parsed.ok)
  assert.equal(parsed.server.spec.turn.port, 3479)
  assert.equal('later' in parsed.server.spec, false)
  const wrong = parseStoredServer(withDomain({ turn: { port: 0, speed: 'high' } }))
  assert.ok(!wrong.ok)
  assert.deepEqual(
    wrong.problems.map(({ path }) => path),
    ['spec.turn.port'],
  )
})

// CEL, as far as the rules use it, reads the same as JavaScript once these functions are there.
const celFunctions = {
  size: (list: unknown[]) => list.length,
  has: (field: unknown) => field !== undefined,
  isIP: (text: string) => isIP(text) !== 0,
  isCIDR: (text: string) => {
    const [address = '', bits = ''] = text.split('/')
    return /^\d+$/.test(bits) && Number(bits) <= (isIP(address) === 4 ? 32 : 128) && isIP(address) !== 0
  },
}

const holds = (rule: string, self: unknown): boolean =>
  new Function('self', ...Object.keys(celFunctions), `return ${rule}`)(self, ...Object.values(celFunctions))

/** Evaluates every CEL rule of the schema that is not about an update on `value`, as the API server does. */
const celAccepts = (schema: JsonSchema, value: unknown): boolean => {
  const rules = (schema['x-kubernetes-validations'] ?? []) as { rule: string }[]
  if (!rules.every(({ rule }) => rule.includes('oldSelf') || holds(rule, value))) return false
  if (Array.isArray(value)) return value.every((item) => celAccepts(schema.items!, item))
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(
    ([key, child]) => !schema.properties?.[key] || celAccepts(schema.properties[key], child),
  )
}

const somePrefix = fc.constantFrom(
  '10.0.0.0/8',
  '10.0.0.0/33',
  '203.0.113.7',
  'fd00::/8',
  '::1',
  'nonsense',
  '1.2.3.4/',
  '/8',
)

/** Specs whose single fields are fine by themselves, so that the rules alone decide. */
const someSpec = fc.record({
  domain: fc.constant('chat.example.org'),
  mail: fc.record({
    replicas: fc.integer({ min: 1, max: 3 }),
    storage: fc.record({
      type: fc.constantFrom('SQLite', 'PostgreSQL'),
      postgres: fc.constantFrom({}, { secretName: 'database' }),
    }),
    registration: fc.constantFrom({ mode: 'Token' }, { mode: 'Token', tokenSecretName: 'tokens' }, { mode: 'Open' }),
  }),
  tls: fc.constantFrom({ source: 'Secret' }, { source: 'Secret', secretName: 'tls' }, { source: 'Auto' }),
  iroh: fc.constantFrom(
    { mode: 'External' },
    { mode: 'External', url: 'https://iroh.example.org' },
    { mode: 'Managed' },
  ),
  turn: fc.record({
    engine: fc.constantFrom('Builtin', 'Coturn'),
    workers: fc.constantFrom(1, 2),
    port: fc.constantFrom(3478, 50000, 49999, 50002),
    relayPorts: fc.record({ min: fc.constantFrom(50000, 50001), max: fc.constantFrom(50000, 50001) }),
    publicAddress: fc.record({
      source: fc.constantFrom('Auto', 'Static'),
      addresses: fc.array(fc.constantFrom('203.0.113.7', '2001:db8::1', 'host'), { maxLength: 2 }),
    }),
    peers: fc.record({
      allow: fc.array(somePrefix, { maxLength: 2 }),
      deny: fc.array(somePrefix, { maxLength: 1 }),
      nat64: fc.array(fc.constantFrom('2001:db8::/96', '2001:db8:::/96', '1:2/64'), { maxLength: 1 }),
    }),
  }),
})

test('the CEL rules and the predicates agree', () => {
  const { spec: schema } = openAPIV3Schema().properties!
  fc.assert(
    fc.property(someSpec, (spec) => {
      // The API server fills in defaults before it evaluates rules; parsing each part does the same here.
      const parsed = parseServer(resource(spec))
      assert.equal(celAccepts(schema!, spec), parsed.ok, JSON.stringify(parsed))
    }),
    { numRuns: 500 },
  )
})

test('what was parsed parses to the same again', () => {
  fc.assert(
    fc.property(someSpec, (spec) => {
      const parsed = parseServer(resource(spec))
      if (parsed.ok) assert.deepEqual(accepted(parsed.server), parsed.server)
    }),
  )
})

test('anything at all is answered with a value, never with an exception', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      assert.equal(typeof parseServer(value).ok, 'boolean')
      assert.equal(parseServer(withDomain({ mail: value, turn: value })).ok, value === undefined || isEmpty(value))
    }),
  )
})

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0 && !Array.isArray(value)
