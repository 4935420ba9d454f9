import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { turnCredential } from '../../contract/credential.ts'
import { createLogger } from './logger.ts'
import { redact } from './redact.ts'

const lines: [string, string][] = [
  ['mail to alice@example.org failed', 'mail to [address] failed'],
  ['RCPT TO:<a.b-c@[192.0.2.1]> refused', 'RCPT TO:<[address]> refused'],
  ['connect ECONNREFUSED 127.0.0.1:993', 'connect ECONNREFUSED [ip]:993'],
  ['peer 2001:db8::17 gone', 'peer [ip] gone'],
  ['bound [::1]:3478', 'bound [[ip]]:3478'],
  ['from ::ffff:10.1.2.3 it came', 'from [ip] it came'],
  ['link-local fe80::1%eth0', 'link-local [ip]%eth0'],
  ['it was 192.0.2.1.', 'it was [ip].'],
  ['turn:192.0.2.1:3478 and stun:192.0.2.1', 'turn:[ip]:3478 and stun:[ip]'],
  ['host:2001:db8::17 gone', 'host:[ip] gone'],
  ['192.0.2.7:3478:1795548186:nkfvRIGUcx0N/jq/StNLPajpLZE=', '[ip]:3478:1795548186:[credential]'],
  ['password nkfvRIGUcx0N/jq/StNLPajpLZE= given', 'password [credential] given'],
]

test('addresses, IPs and credentials are replaced by what they were', () => {
  for (const [line, expected] of lines) assert.equal(redact(line), expected)
})

test('times, versions and counts stay as they are', () => {
  for (const line of [
    '{"level":"info","time":"2026-11-23T12:34:56.789Z","workload":"mail","msg":"ready"}',
    'listening on port 2993',
    'at Server.listen (node:net:1272:11)',
  ])
    assert.equal(redact(line), line)
})

test('no address of any kind gets through', () => {
  const word = fc.stringMatching(/^[a-z0-9._-]{1,20}$/)
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV6(), word, fc.nat(), (v4, v6, name, expiry) => {
      const { password } = turnCredential('secret', expiry)
      const line = redact(`a ${v4} b [${v6}]:1 c ${name}@example.org d ${password} e`)
      assert.ok(!line.includes(v4) && !line.includes(`${name}@`) && !line.includes(password), line)
      assert.ok(v6.length < 4 || !line.includes(v6), line)
    }),
  )
})

test('the logger redacts what its callers pass, errors and their stacks included', () => {
  const written: string[] = []
  const stream = { write: (line: string) => void written.push(line) }
  const log = createLogger({ workload: 'mail', noLog: true, stream })
  log.error({ err: new Error('no route to 192.0.2.7 for bob@example.org') }, 'failed for carol@example.org')
  assert.equal(written.length, 1)
  assert.doesNotMatch(written[0]!, /192\.0\.2|bob|carol/)
  createLogger({ workload: 'mail', noLog: false, stream }).info('carol@example.org')
  assert.match(written[1]!, /carol@example\.org/)
})
