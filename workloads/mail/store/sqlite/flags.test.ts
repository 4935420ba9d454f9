import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { changedFlags, encodeFlags, namesOf } from './flags.ts'

const flag = fc.constantFrom('\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', '$Forwarded', 'a', 'b')
const flags = fc.array(flag).map((names) => [...new Set(names)])

const decode = ({ flags, keywords }: { flags: number; keywords: string }) => namesOf(flags, keywords)
const change = (current: string[], operation: 'add' | 'remove' | 'replace', given: string[]) =>
  new Set(decode(changedFlags(encodeFlags(current), operation, encodeFlags(given))))

test('flags survive encoding', () => {
  fc.assert(fc.property(flags, (names) => assert.deepEqual(new Set(decode(encodeFlags(names))), new Set(names))))
})

test('add, remove and replace are the set operations', () => {
  fc.assert(
    fc.property(flags, flags, (current, given) => {
      assert.deepEqual(change(current, 'add', given), new Set(current).union(new Set(given)))
      assert.deepEqual(change(current, 'remove', given), new Set(current).difference(new Set(given)))
      assert.deepEqual(change(current, 'replace', given), new Set(given))
    }),
  )
})

test('case does not matter, and the first spelling of a keyword stays', () => {
  assert.deepEqual(decode(encodeFlags(['\\sEEN', '$Junk', '$JUNK'])), ['\\Seen', '$Junk'])
  assert.deepEqual([...change(['$Junk'], 'add', ['$junk'])], ['$Junk'])
  assert.deepEqual([...change(['$Junk'], 'remove', ['$junk'])], [])
})

test('\\Recent is not kept', () => {
  assert.deepEqual(decode(encodeFlags(['\\Recent', '\\Seen'])), ['\\Seen'])
})
