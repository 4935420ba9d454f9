import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesPattern } from './pattern.ts'

test('% stays within a level, * does not', () => {
  assert.ok(matchesPattern('*', 'a/b'))
  assert.ok(!matchesPattern('%', 'a/b'))
  assert.ok(matchesPattern('a/%', 'a/b'))
  assert.ok(matchesPattern('%/%', 'a/b'))
  assert.ok(matchesPattern('inbox', 'INBOX'))
  assert.ok(!matchesPattern('Sent', 'sent'))
})

const oracle = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('\\*', '.*')
      .replaceAll('%', '[^/]*')}$`,
  )

test('matches what the pattern means', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab/%*]{0,8}$/), fc.stringMatching(/^[ab/]{0,8}$/), (pattern, name) => {
      assert.equal(matchesPattern(pattern, name), oracle(pattern).test(name))
    }),
    { numRuns: 2000 },
  )
})

test('a pattern made to be slow is not', () => {
  assert.equal(matchesPattern(`${'*a'.repeat(300)}b`, 'a'.repeat(900)), false)
})
