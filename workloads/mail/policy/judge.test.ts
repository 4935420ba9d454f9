import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  armor,
  encryptedMessage,
  encryptedPackets,
  packetHeader,
  pgpMime,
  plainMessage,
  randomPacket,
  secureJoinRequest,
} from '../../../test/support/messages.ts'
import { judge, type Verdict } from './judge.ts'

const from = 'alice@chat.example'
const options = { from, id: 'x' }
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const outcome = (verdict: Verdict): string => (verdict.pass ? verdict.kind : verdict.reason)
const judged = (message: Buffer | string, sender = from): string =>
  outcome(judge(typeof message === 'string' ? latin1(message) : message, sender))
const edited = (message: Buffer, search: string | RegExp, replacement: string): string => {
  const text = message.toString('latin1')
  const changed = text.replace(search, replacement)
  assert.notEqual(changed, text, 'the edit must change the message')
  return changed
}
const encrypted = encryptedMessage(options)
const request = secureJoinRequest(options)
const sealed = (packets: Buffer): string => judged(pgpMime(options, armor(packets)))

test('the reply to unencrypted mail is the one that Delta Chat shows as a request for encryption', () => {
  assert.deepEqual(judge(plainMessage(options), from), {
    pass: false,
    reason: 'unencrypted',
    code: 523,
    enhanced: '5.7.1',
    text: 'Encryption Needed: Invalid Unencrypted Mail',
  })
})

test('encrypted mail passes at every size', () => {
  for (const size of [1000, 3000, 20_000, 700_000]) assert.equal(judged(encryptedMessage({ from, size })), 'encrypted')
})

test('encrypted mail passes in each form that senders write', () => {
  assert.equal(judged(edited(encrypted, /\r\n/g, '\n')), 'encrypted', 'bare line feeds')
  assert.equal(judged(edited(encrypted, '=RjMY\r\n', '')), 'encrypted', 'no checksum')
  assert.equal(judged(edited(encrypted, '\r\nVersion: 1', '\r\n\r\nversion: 1\r\n')), 'encrypted', 'blank lines around')
  assert.equal(judged(edited(encrypted, '-----BEGIN', '\r\n\r\n-----BEGIN')), 'encrypted', 'blank lines before')
  assert.equal(judged(edited(encrypted, /boundary="(\w+)"/, 'boundary=$1')), 'encrypted', 'token boundary')
  assert.equal(judged(edited(encrypted, `<${from}>`, `"A, \\"B\\"" (c) <${from.toUpperCase()}>`)), 'encrypted')
})

test('packets: any number of session keys of either kind, then one encrypted data packet', () => {
  const data = randomPacket(18, 100, 2)
  const oldFormat = Buffer.concat([Buffer.from([0x84, 10]), Buffer.alloc(10, 3)])
  const chunked = Buffer.concat([Buffer.from([0xd2, 0xe9]), Buffer.alloc(512, 1), Buffer.from([5]), Buffer.alloc(5)])
  const key = randomPacket(1, 73, 3)
  assert.equal(sealed(Buffer.concat([randomPacket(3, 40, 6), data])), 'encrypted', 'SKESK alone')
  assert.equal(sealed(encryptedPackets(100, 300)), 'encrypted', 'many readers')
  assert.equal(sealed(Buffer.concat([oldFormat, data])), 'encrypted', 'old packet format')
  assert.equal(sealed(Buffer.concat([key, chunked])), 'encrypted', 'partial lengths')
  assert.equal(sealed(Buffer.concat([key, randomPacket(18, 9000, 1)])), 'encrypted', 'five-octet length')
})

test('packets: nothing else passes', () => {
  const key = randomPacket(1, 73, 6)
  const data = randomPacket(18, 100, 2)
  const refused: Record<string, Buffer> = {
    'no session key': data,
    'no data': key,
    'bytes after the data': Buffer.concat([key, data, Buffer.from([0])]),
    'two data packets': Buffer.concat([key, data, data]),
    'key after the data': Buffer.concat([key, data, key]),
    'literal data': Buffer.concat([key, randomPacket(11, 100, 0x62)]),
    'compressed data': Buffer.concat([key, randomPacket(8, 100, 1)]),
    'data without integrity': Buffer.concat([key, randomPacket(9, 100, 1)]),
    'signature first': Buffer.concat([randomPacket(2, 60, 6), key, data]),
    'data cut short': Buffer.concat([key, data.subarray(0, -1)]),
    'data too small to be any': Buffer.concat([key, packetHeader(18, 5), Buffer.from('hello')]),
    'empty key': Buffer.concat([packetHeader(1, 0), data]),
    'small first chunk': Buffer.concat([
      key,
      Buffer.from([0xd2, 0xe5]),
      Buffer.alloc(32),
      Buffer.from([5, 1, 2, 3, 4, 5]),
    ]),
    'chunks without an end': Buffer.concat([key, Buffer.from([0xd2, 0xe9]), Buffer.alloc(512)]),
    'no packet at all': Buffer.from('this is a text that is in no way encrypted'),
    nothing: Buffer.alloc(0),
  }
  for (const [name, packets] of Object.entries(refused)) assert.equal(sealed(packets), 'unencrypted', name)
})

test('readable text has no place in an encrypted message', () => {
  const refused: Record<string, string> = {
    preamble: edited(encrypted, '\r\n\r\n\r\n--', '\r\n\r\nhello\r\n--'),
    epilogue: `${encrypted.toString('latin1')}hello`,
    'third part': edited(encrypted, /--(\w+)--/, '--$1\r\n\r\nhello\r\n--$1--'),
    'text in the version part': edited(encrypted, '\r\nVersion: 1', '\r\nVersion: 1 hello'),
    'text before the armor': edited(encrypted, '-----BEGIN', 'hello\r\n-----BEGIN'),
    'text after the armor': edited(encrypted, 'MESSAGE-----\r\n\r\n--', 'MESSAGE-----\r\nhello\r\n--'),
    'armor header': edited(encrypted, 'MESSAGE-----\r\n', 'MESSAGE-----\r\nComment: hello\r\n'),
    'text inside the armor': edited(encrypted, '=RjMY', 'hello, world!\r\n=RjMY'),
    'no final delimiter': edited(encrypted, /--(\w+)--\r\n/, ''),
    'delimiter that only begins like one': edited(encrypted, /--(\w+)--/, '--$1x\r\n--$1--'),
    'two content types': edited(
      encrypted,
      'Content-Type: multipart',
      'Content-Type: text/plain\r\nContent-Type: multipart',
    ),
    'text type': edited(encrypted, 'multipart/encrypted', 'text/plain'),
    'mixed type': edited(encrypted, 'multipart/encrypted', 'multipart/mixed'),
    'no protocol': edited(encrypted, ' protocol="application/pgp-encrypted";', ''),
    'parts swapped in type': edited(encrypted, 'application/octet-stream', 'text/plain'),
    'encoded body': edited(encrypted, /7bit(?=\r\n\r\n-----BEGIN)/, 'base64'),
    'boundary twice': edited(encrypted, 'boundary=', 'boundary="a"; boundary='),
    'boundary continued': edited(encrypted, 'boundary=', 'boundary*0='),
  }
  for (const [name, message] of Object.entries(refused)) assert.equal(judged(message), 'unencrypted', name)
})

test('the words of an encrypted message do not make one', () => {
  const text = 'application/pgp-encrypted multipart/encrypted -----BEGIN PGP MESSAGE----- -----END PGP MESSAGE-----'
  assert.equal(judged(plainMessage(options, text)), 'unencrypted')
  assert.equal(judged(plainMessage(options, encrypted.toString())), 'unencrypted')
})

test('a SecureJoin request passes, as multipart/mixed and as bare text', () => {
  assert.equal(judged(request), 'securejoin')
  assert.equal(judged(secureJoinRequest(options, 'vg-request')), 'securejoin')
  assert.equal(judged(edited(request, /^Secure-Join: vc/m, 'SECURE-JOIN: VC')), 'securejoin')
  const bare = latin1(
    edited(plainMessage(options, 'Secure-Join: vc-request'), 'Subject: Hello', 'Secure-Join: vc-request'),
  )
  assert.equal(judged(bare), 'securejoin')
  assert.equal(judged(edited(bare, 'text/plain; charset="utf-8"', 'text/html')), 'unencrypted')
})

test('other steps, other text and other parts are no SecureJoin request', () => {
  assert.equal(judged(secureJoinRequest(options, 'vc-auth-required')), 'unencrypted')
  assert.equal(
    judged(edited(request, 'Secure-Join: vc-request\r\n--', 'Secure-Join: vc-request, hello\r\n--')),
    'unencrypted',
  )
  assert.equal(judged(edited(request, 'Secure-Join: vc-request\r\n--', 'Secure-Join: vg-request\r\n--')), 'unencrypted')
  assert.equal(judged(edited(request, 'Secure-Join: vc-request\r\nSecure-Join-I', 'Secure-Join-I')), 'unencrypted')
  assert.equal(judged(edited(request, /--(\w+)--/, '--$1\r\n\r\nhello\r\n--$1--')), 'unencrypted')
  assert.equal(judged(edited(request, 'text/plain', 'text/html')), 'unencrypted')
})

test('From is the login, once, and names nobody else', () => {
  const forged: Record<string, string> = {
    other: edited(encrypted, `<${from}>`, '<mallory@chat.example>'),
    missing: edited(encrypted, `From: <${from}>\r\n`, ''),
    twice: edited(encrypted, 'From:', `From: <${from}>\r\nFrom:`),
    'two addresses': edited(encrypted, `<${from}>`, `<${from}>, <mallory@chat.example>`),
    'address in the name': edited(encrypted, `<${from}>`, `"${from}" <mallory@chat.example>`),
    'text after the address': edited(encrypted, `<${from}>`, `<${from}> mallory@chat.example`),
    group: edited(encrypted, `<${from}>`, `group: <${from}>;`),
    'open quote': edited(encrypted, `<${from}>`, `"<${from}>`),
    'comment within': edited(encrypted, `<${from}>`, `<(${from})mallory@chat.example>`),
    empty: edited(encrypted, `<${from}>`, ''),
  }
  for (const [name, message] of Object.entries(forged)) assert.equal(judged(message), 'forgedFrom', name)
  const bare = edited(encrypted, `<${from}>`, from)
  assert.equal(judged(bare), 'encrypted')
  assert.equal(judged(edited(encrypted, `<${from}>`, '<a@[203.0.113.7]>'), 'a@[203.0.113.7]'), 'encrypted')
})

test('NUL bytes and malformed headers are refused', () => {
  assert.equal(judged(edited(encrypted, 'Version', '\0Version')), 'nul')
  assert.equal(judged(edited(encrypted, 'Subject:', 'no field\r\nSubject:')), 'malformed')
  assert.equal(judged(edited(encrypted, 'Subject:', 'Käse: x\r\nSubject:')), 'malformed')
  assert.equal(judged(`${'X: y\r\n'.repeat(1001)}\r\n`), 'malformed')
  assert.equal(judged(`X: ${'y\r\n '.repeat(100_000)}\r\n\r\n`), 'malformed')
  assert.equal(judged(''), 'forgedFrom')
})

test('whatever is done to real messages, the judge answers, and readable bodies never pass', () => {
  const sources = [encrypted, request, plainMessage(options)]
  const mutation = fc.record({
    source: fc.nat(sources.length - 1),
    edits: fc.array(
      fc.record({ at: fc.nat(encrypted.length), drop: fc.nat(40), insert: fc.uint8Array({ maxLength: 40 }) }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  fc.assert(
    fc.property(mutation, ({ source, edits }) => {
      let message = sources[source]!
      for (const { at, drop, insert } of edits)
        message = Buffer.concat([message.subarray(0, at), insert, message.subarray(at + drop)])
      const result = judged(message)
      if (source === 2) assert.ok(!['encrypted', 'securejoin'].includes(result))
    }),
    { numRuns: 3000 },
  )
})

test('text at any place of the body of an encrypted message keeps it from passing', () => {
  const body = encrypted.indexOf('\r\n\r\n') + 4
  const data = encrypted.indexOf('-----BEGIN PGP')
  const text = '\r\nThis is a secret, and readable.\r\n'
  const places = encrypted.length - body
  fc.assert(
    fc.property(fc.nat(places), (offset) => {
      const at = body + offset
      const message = Buffer.concat([encrypted.subarray(0, at), Buffer.from(text), encrypted.subarray(at)])
      // Within the header of a body part a line of text without a colon makes the part malformed, so no place is exempt.
      assert.equal(judged(message), 'unencrypted', `inserted ${at - data} octets after the armor's begin`)
    }),
    { numRuns: 2000 },
  )
})

test('input made to be slow is answered like any other: a reader that is not linear would not come to an end here', () => {
  const delimiters = `${edited(encrypted, /\r\n--18ab[\s\S]*/, '')}${'\r\n--18ab4f2'.repeat(500_000)}`
  const comments = edited(encrypted, `<${from}>`, '('.repeat(200_000))
  const parameters = edited(encrypted, 'protocol=', `${'a="\\'.repeat(50_000)}`)
  assert.equal(judged(delimiters), 'unencrypted')
  assert.equal(judged(comments), 'forgedFrom')
  assert.equal(judged(parameters), 'unencrypted')
})
