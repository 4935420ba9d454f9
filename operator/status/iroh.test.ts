import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersion, kind, parseServer } from '../api/chatmail-server.ts'
import { conditions } from '../api/conditions.ts'
import { type IrohSeen, irohVerdict } from './iroh.ts'

const serverOf = (iroh: object = {}) => {
  const parsed = parseServer({
    apiVersion,
    kind,
    metadata: { name: 'chat' },
    spec: { domain: 'chat.example.org', iroh },
  })
  assert.ok(parsed.ok)
  return parsed.server
}

const works: IrohSeen = { proven: { state: 'works' }, hasUrl: true, ready: true, problems: [], refused: null }

test('every state has its reason, and says what is the case', () => {
  const external = { mode: 'External', url: 'https://relay.example.org' }
  const fails = { state: 'fails', message: 'connect: nothing listens' } as const
  const crashing = { reason: 'Crashing', message: 'The pod ends with 70.' } as const
  const cases: [object, Partial<IrohSeen>, string, RegExp][] = [
    [{}, {}, 'Available', /^The relay works/],
    [external, {}, 'Available', /^The relay of spec\.iroh\.url works/],
    [{ mode: 'Disabled' }, { proven: null }, 'Disabled', /spec\.iroh\.mode/],
    [{}, { proven: null, ready: false }, 'Starting', /pod of the relay starts/],
    [{}, { proven: { state: 'untried' } }, 'Starting', /is being proved/],
    [{}, { proven: fails }, 'ProofFailed', /connect: nothing listens/],
    [external, { proven: fails }, 'ProofFailed', /spec\.iroh\.url is not told/],
    [{}, { proven: null, ready: false, problems: [crashing] }, 'Crashing', /ends with 70/],
    [{}, { problems: [crashing] }, 'Available', /works/],
    [{}, { refused: 'quota' }, 'Forbidden', /quota/],
    [{}, { hasUrl: false, proven: null }, 'Unavailable', /spec\.exposure\.ports/],
  ]
  for (const [iroh, change, reason, message] of cases) {
    const verdict = irohVerdict(serverOf(iroh), { ...works, ...change })
    assert.equal(verdict.reason, reason)
    assert.equal(verdict.status, reason === 'Available' ? 'True' : 'False')
    assert.match(verdict.message, message)
    assert.ok((conditions.IrohAvailable.reasons as readonly string[]).includes(verdict.reason))
  }
})
