import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Frame, type FrameLimits, Framing, type Step } from './framing.ts'

const limits: FrameLimits = { line: 1000, literals: (line) => (line.includes('APPEND') ? 100_000 : 100) }

const steps = (framing: Framing): Step[] => {
  const all: Step[] = []
  for (let step = framing.next(limits); step; step = framing.next(limits)) all.push(step)
  return all
}

const push = (framing: Framing, text: string): Step[] => {
  framing.push(Buffer.from(text, 'latin1'))
  return steps(framing)
}

const frames = (all: Step[]): Frame[] => all.filter((step) => step.kind === 'command').map((step) => step.frame)

test('lines end with CRLF or a bare LF', () => {
  assert.deepEqual(
    frames(push(new Framing(), 'a NOOP\r\nb NOOP\nc NO')).map(({ fragments }) => fragments),
    [['a NOOP'], ['b NOOP']],
  )
})

test('a literal waits for the client only when it asks to', () => {
  const framing = new Framing()
  assert.deepEqual(push(framing, 'a LOGIN {5}\r\n'), [{ kind: 'continue' }])
  const [frame] = frames(push(framing, 'alice {3+}\r\nabc\r\n'))
  assert.deepEqual(frame!.fragments, ['a LOGIN ', ' ', ''])
  assert.deepEqual(frame!.literals.map(String), ['alice', 'abc'])
})

test('a literal beyond the limit is refused, and the next command is read', () => {
  const framing = new Framing()
  assert.deepEqual(push(framing, 'a LOGIN {101}\r\n'), [{ kind: 'oversized', firstLine: 'a LOGIN ' }])
  const all = push(framing, `b LOGIN {101+}\r\n${'x'.repeat(101)} more\r\nc NOOP\r\n`)
  assert.deepEqual(
    all.map(({ kind }) => kind),
    ['oversized', 'command'],
  )
  assert.equal(push(framing, `d APPEND x {5000+}\r\n${'x'.repeat(5000)}\r\n`).length, 1)
})

test('literals of one command count together', () => {
  const all = push(new Framing(), `a LOGIN {60+}\r\n${'x'.repeat(60)} {60+}\r\n${'x'.repeat(60)}\r\n`)
  assert.deepEqual(all, [{ kind: 'oversized', firstLine: 'a LOGIN ' }])
})

test('a line without end and a literal beyond all measure end it', () => {
  assert.deepEqual(push(new Framing(), 'x'.repeat(1001)).at(0), { kind: 'endless' })
  assert.deepEqual(push(new Framing(), 'a LOGIN {999999999+}\r\n').at(0), { kind: 'endless' })
})

test('the same frames come out however the bytes are cut', () => {
  const word = fc.stringMatching(/^[ -z]{0,30}$/)
  const literal = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
  const commandText = fc.tuple(word, fc.array(fc.tuple(literal, word), { maxLength: 2 })).map(([first, rest]) => ({
    wire: first + rest.map(([bytes, text]) => ` {${bytes.length}+}\r\n${bytes}${text}`).join(''),
    fragments: rest.length === 0 ? [first] : [`${first} `, ...rest.map(([, text]) => text)],
    literals: rest.map(([bytes]) => bytes),
  }))
  fc.assert(
    fc.property(fc.array(commandText, { minLength: 1, maxLength: 5 }), fc.array(fc.nat(200)), (commands, cuts) => {
      const wire = commands.map((command) => `${command.wire}\r\n`).join('')
      const places = [0, ...cuts.map((cut) => cut % wire.length).sort((a, b) => a - b), wire.length]
      const framing = new Framing()
      const read = places.slice(1).flatMap((end, index) => frames(push(framing, wire.slice(places[index], end))))
      assert.deepEqual(
        read.map((frame) => frame.literals.map((bytes) => bytes.toString('latin1'))),
        commands.map((command) => command.literals),
      )
      assert.deepEqual(
        read.map((frame) => frame.fragments.join('').replaceAll(' ', '')),
        commands.map((command) => command.fragments.join('').replaceAll(' ', '')),
      )
      assert.equal(framing.held, 0)
    }),
  )
})
