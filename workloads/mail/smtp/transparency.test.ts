import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Transparency } from './transparency.ts'

/** Plays text in pieces cut at these places; the content, and what followed its end or null. */
const play = (text: string, cuts: readonly number[] = []): { content: string; rest: string | null } => {
  const transparency = new Transparency()
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b)
  let content = ''
  for (const [index, from] of [0, ...places].entries()) {
    const to = places[index] ?? text.length
    const taken = transparency.take(Buffer.from(text.slice(from, to), 'latin1'))
    content += taken.content.toString('latin1')
    if (taken.rest) return { content, rest: taken.rest.toString('latin1') + text.slice(to) }
  }
  return { content, rest: null }
}

test('the end, and what only looks like one', () => {
  const cases: [sent: string, content: string, rest: string | null][] = [
    ['.\r\nQUIT', '', 'QUIT'],
    ['a\r\n.\r\n', 'a\r\n', ''],
    ['..\r\n.\r\n', '.\r\n', ''],
    ['a\r\n..\r\n..b\r\n.\r\nx', 'a\r\n.\r\n.b\r\n', 'x'],
    ['a\n.\nb\r\n.\r\n', 'a\n.\nb\r\n', ''],
    ['a\n.\r\nb\r\n.\r\n', 'a\n.\r\nb\r\n', ''],
    ['a\r\n.\rb\r\n.\r\n', 'a\r\n\rb\r\n', ''],
    ['a\r\n.\r\r\n.\r\n', 'a\r\n\r\r\n', ''],
    ['a\r.\r\n.\r\n', 'a\r.\r\n', ''],
    ['a\r\n.b\r\n.\r\n', 'a\r\nb\r\n', ''],
    ['a\r\n.\n.\r\n.\r\n', 'a\r\n\n.\r\n', ''],
  ]
  for (const [sent, content, rest] of cases) {
    assert.deepEqual(play(sent), { content, rest }, JSON.stringify(sent))
    const each = Array.from(sent, (_, index) => index)
    assert.deepEqual(play(sent, each), { content, rest }, `${JSON.stringify(sent)} octet by octet`)
  }
})

const text = fc.array(fc.constantFrom('\r', '\n', '\r\n', '.', '..', '\r\n.', 'a', 'text'), { maxLength: 60 })

test('what a client stuffs comes out as it was, however it is cut', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(400)), fc.string(), (parts, cuts, next) => {
      const content = `${parts.join('')}\r\n`
      const sent = `${content.replace(/(^|\r\n)\./g, '$1..')}.\r\n${next}`
      assert.deepEqual(play(Buffer.from(sent).toString('latin1'), cuts), {
        content,
        rest: Buffer.from(next).toString('latin1'),
      })
    }),
    { numRuns: 2000 },
  )
})

test('the cuts of the network change nothing', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(400)), (parts, cuts) => {
      const sent = `${parts.join('')}\r\n.\r\nrest`
      assert.deepEqual(play(sent, cuts), play(sent))
    }),
    { numRuns: 2000 },
  )
})
