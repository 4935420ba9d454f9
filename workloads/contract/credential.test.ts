// TURN credentials as Delta Chat and coturn's REST scheme compute them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longTermKey, turnCredential, turnPassword } from './credential.ts'

test('the known vector of the REST scheme', () => {
  const expected = { username: '1758650868', password: 'nkfvRIGUcx0N/jq/StNLPajpLZE=' }
  assert.deepEqual(turnCredential('test-secret', 1758650868), expected)
  assert.equal(turnPassword('test-secret', '1758650868'), expected.password)
})

test('the long-term key is the MD5 of user name, realm and password', () => {
  assert.equal(longTermKey('user', 'realm', 'pass').toString('hex'), '8493fbc53ba582fb4c044c456bdc40eb')
})
