import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { serverOf } from '../../../test/support/operator/a-server.ts'
import { nodeOf } from '../../../test/support/operator/gathered.ts'
import { countOfPlaces, publicAddress } from './public-address.ts'

type Addresses = { type: string; address: string }[]
const specOf = (source = 'Auto', addresses: string[] = []) =>
  serverOf({ turn: { publicAddress: { source, addresses } } }).spec
const of = (annotation: string | undefined, addresses: Addresses, source?: string) =>
  publicAddress(specOf(source), nodeOf('n1', { ...(annotation === undefined ? {} : { annotation }), addresses }), 0)

const external = { type: 'ExternalIP', address: '198.18.0.1' }
const rented = { type: 'InternalIP', address: '5.9.1.1' }
const inside = { type: 'InternalIP', address: '10.0.0.1' }

test('the annotation, then the external address, then one of the Internet that the node has itself', () => {
  assert.deepEqual(of('192.0.2.7', [external, rented]), { ipv4: '192.0.2.7', ipv6: null })
  assert.deepEqual(of(undefined, [external, rented]), { ipv4: '198.18.0.1', ipv6: null })
  assert.deepEqual(of(undefined, [inside, rented]), { ipv4: '5.9.1.1', ipv6: null })
  assert.deepEqual(of(undefined, [inside]), { ipv4: null, ipv6: null })
  assert.deepEqual(of(undefined, [external, rented], 'Node'), { ipv4: null, ipv6: null })
  assert.deepEqual(of('10.0.0.9', [], 'Node'), { ipv4: '10.0.0.9', ipv6: null }, 'somebody has written it down')
})

test('an annotation may name one of each family, with blanks; what is no address is as nothing', () => {
  assert.deepEqual(of(' 192.0.2.7 , 2001:db8::7 ', []), { ipv4: '192.0.2.7', ipv6: '2001:db8::7' })
  assert.deepEqual(of('2001:db8::7', [external]), { ipv4: null, ipv6: '2001:db8::7' })
  assert.deepEqual(of('192.0.2.7,192.0.2.8', []), { ipv4: '192.0.2.7', ipv6: null })
  for (const garbage of [
    '',
    ' ',
    ',',
    'node1.example.org',
    '192.0.2',
    '192.0.2.7:3478',
    '192.0.2.7 192.0.2.8',
    '::g',
    '0x7f.1',
  ])
    assert.deepEqual(of(garbage, [external]), { ipv4: '198.18.0.1', ipv6: null }, garbage)
})

test('listed addresses go by place, each family on its own', () => {
  const spec = specOf('Static', ['198.51.100.1', '2001:db8::1', '198.51.100.2'])
  const at = (place: number) => publicAddress(spec, nodeOf('n1', { annotation: '192.0.2.7' }), place)
  assert.equal(countOfPlaces(spec), 2)
  assert.deepEqual([0, 1, 2].map(at), [
    { ipv4: '198.51.100.1', ipv6: '2001:db8::1' },
    { ipv4: '198.51.100.2', ipv6: null },
    { ipv4: null, ipv6: null },
  ])
})

const privateIpv4 = fc
  .oneof(
    ...[
      '10',
      '127',
      '0',
      '169.254',
      '192.168',
      '100.64',
      '100.127',
      '172.16',
      '172.31',
      '198.18',
      '192.0.2',
      '224',
      '255',
    ].map((start) => fc.tuple(fc.constant(start), fc.array(fc.nat(255), { minLength: 3, maxLength: 3 }))),
  )
  .map(([start, rest]) => [...start.split('.'), ...rest].slice(0, 4).join('.'))
const privateIpv6 = fc.constantFrom(
  'fe80::1',
  'fd00::1',
  'fc00::1',
  '::1',
  '::',
  '::ffff:10.0.0.1',
  '2001:db8::1',
  '2001:0db8::1',
  'ff02::1',
  '64:ff9b::1',
)

test('an internal address is never told that nobody has written down', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(privateIpv4, privateIpv6)),
      fc.constantFrom(undefined, '', 'x'),
      (addresses, annotation) => {
        const all = addresses.map((address) => ({ type: 'InternalIP', address }))
        assert.deepEqual(of(annotation, all), { ipv4: null, ipv6: null })
      },
    ),
  )
})

test('anything at all in annotation and status gives an address of its family, or none', () => {
  const text = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.tuple(fc.ipV4(), fc.ipV6()).map(String))
  const entry = fc.record({ type: fc.constantFrom('ExternalIP', 'InternalIP', 'Hostname'), address: text })
  fc.assert(
    fc.property(text, fc.array(entry), (annotation, addresses) => {
      const { ipv4, ipv6 } = of(annotation, addresses)
      assert.ok(ipv4 === null || isIPv4(ipv4))
      assert.ok(ipv6 === null || isIPv6(ipv6))
    }),
  )
})
