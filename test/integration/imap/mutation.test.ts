/** Real sessions with their bytes changed at random: the server answers or ends the connection, and is there for others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventually } from '../../support/eventually.ts'
import { address, message, password, startImap } from './fixture.ts'

const script = [
  `A1 LOGIN "${address}" "${password}"`,
  'A2 ID ("name" "Delta Chat")',
  'A3 GETQUOTAROOT "INBOX"',
  'A4 GETMETADATA "" (/shared/comment /shared/vendor/deltachat/turn)',
  'A5 SETMETADATA INBOX (/private/devicetoken {5+}\r\ntoken)',
  'A6 SELECT "INBOX" (CONDSTORE)',
  'A7 UID FETCH 1:500 (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE FROM)])',
  'A8 FETCH 1:* (FULL BODYSTRUCTURE BODY[1.MIME]<0.10>)',
  'A9 UID STORE 1 (UNCHANGEDSINCE 99) +FLAGS (\\Seen $x)',
  'B1 SEARCH CHARSET UTF-8 OR (SUBJECT {1+}\r\nx SINCE 1-Jan-2020) NOT UID 1:*',
  'B2 LIST (SUBSCRIBED) "" ("*" %) RETURN (STATUS (MESSAGES))',
  'B3 APPEND INBOX (\\Seen) "01-Jan-2020 00:00:00 +0000" {12+}\r\nSubject: a\r\n',
  'B4 CREATE "a/&APw-" (USE (\\Sent))',
  'B5 UID COPY 1 "a/&APw-"',
  'B6 IDLE',
  'DONE',
  'B7 UID MOVE 1:2 a',
  'B8 CLOSE',
  'B9 LOGOUT',
]
  .map((line) => `${line}\r\n`)
  .join('')

type Mutation = { kind: 'flip' | 'cut' | 'insert' | 'repeat'; at: number; text: string }

const hostile = fc.constantFrom(
  '{',
  '}',
  '"',
  '\\',
  '(',
  ')',
  '\r\n',
  '\n',
  '\0',
  '{99999999+}\r\n',
  '*',
  ':',
  ',',
  ' ',
  '\xff',
)
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat'),
  at: fc.nat(script.length - 1),
  text: fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 20 })),
})

const apply = (text: string, { kind, at, text: other }: Mutation): string => {
  if (kind === 'cut') return text.slice(0, at) + text.slice(at + other.length + 1)
  if (kind === 'repeat') return text.slice(0, at) + text.slice(Math.max(0, at - 30))
  return text.slice(0, at) + other + text.slice(kind === 'flip' ? at + other.length : at)
}

test('mutated sessions', async () => {
  const server = await startImap({ timing: { tick: 20, login: 200, autologout: 200 } })
  await server.deliver(message('one'))
  const before = process.memoryUsage().rss
  const play = async (mutations: Mutation[]): Promise<void> => {
    const client = await server.connect()
    client.write(`${mutations.reduce(apply, script)}\r\nZ LOGOUT\r\n`)
    // Where the mutation swallows the LOGOUT, the time-outs end the session.
    assert.doesNotMatch(await client.end(), /^\S+ NO \[UNAVAILABLE\]/m)
  }
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(fc.array(mutations, { minLength: 20, maxLength: 20 }), async (sessions) => {
      await Promise.all(sessions.map(play))
    }),
    { numRuns: 10 },
  )
  assert.match(await server.metrics.metrics(), /command="SEARCH",status="OK"\} \d{2,}/)
  assert.ok(process.memoryUsage().rss - before < 150_000_000)
  assert.deepEqual(server.logged, [])
  await eventually(() => assert.equal(server.imap.counts().imapSessions, 0))
  const client = await server.connect()
  assert.match(await client.status(`LOGIN ${address} "${password}"`), /^OK /)
})
