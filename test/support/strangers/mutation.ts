/** Sessions that somebody has damaged, by accident or not: what is done to their bytes, and how they are sent. */
import fc from 'fast-check'

export type Mutation = { kind: 'flip' | 'cut' | 'truncate' | 'repeat' | 'insert'; at: number; bytes: Uint8Array }

/** How the bytes go out, and what comes after the last one. */
export type Manner = { pieces: number; end: 'close' | 'reset' | 'silence' }

export type Damage = { mutations: Mutation[]; manner: Manner }

/** What parsers have stumbled over. */
const hostile = [
  '\0',
  '\0'.repeat(1000),
  '\r\n',
  '\n',
  '\r',
  '\r\n.\r\n',
  '\r\n\r\n',
  '{99999999999999999999}\r\n',
  '{4294967295+}\r\n',
  '{3}',
  '('.repeat(500),
  '"',
  '\\',
  'a'.repeat(100_000),
  `x: ${'y'.repeat(20_000)}\r\n`,
  'content-length: -1\r\n',
  'transfer-encoding: chunked\r\n\r\nfffffffff\r\n',
  '*:4294967296',
  '\xff\xfe',
  '\x16\x03\x01\x02\x00\x01',
].map((text) => Buffer.from(text, 'latin1'))

/** A place is a fraction of the session, in 1/65536. */
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'truncate', 'repeat', 'insert'),
  at: fc.nat(0xffff),
  bytes: fc.oneof(fc.constantFrom(...hostile), fc.uint8Array({ minLength: 1, maxLength: 40 })),
})

export const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 })

export const damage: fc.Arbitrary<Damage> = fc.record({
  mutations,
  manner: fc.record({
    pieces: fc.integer({ min: 1, max: 6 }),
    end: fc.constantFrom('close', 'close', 'close', 'reset', 'silence'),
  }),
})

const apply = (session: Buffer, { kind, at, bytes }: Mutation): Buffer => {
  const place = Math.floor((at * session.length) / 0x10000)
  const head = session.subarray(0, place)
  if (kind === 'truncate') return head
  if (kind === 'cut') return Buffer.concat([head, session.subarray(place + bytes.length)])
  if (kind === 'insert') return Buffer.concat([head, bytes, session.subarray(place)])
  if (kind === 'repeat') return Buffer.concat([head, session.subarray(Math.max(0, place - bytes.length * 8))])
  const flipped = Buffer.from(session)
  for (let index = 0; index < bytes.length && place + index < flipped.length; index++)
    flipped[place + index]! ^= bytes[index]!
  return flipped
}

export const mutated = (session: Buffer, list: readonly Mutation[]): Buffer => list.reduce(apply, session)
