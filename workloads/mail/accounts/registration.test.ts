import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isValidToken } from './registration.ts'

test('a token is valid when it is one of the list, whole', () => {
  const tokens = ['first-token', 'second-token']
  assert.equal(isValidToken('second-token', tokens), true)
  for (const wrong of ['', 'first', 'first-token ', 'first-tokensecond-token', 'FIRST-TOKEN'])
    assert.equal(isValidToken(wrong, tokens), false)
})

test('without tokens none is valid', () => assert.equal(isValidToken('', []), false))
