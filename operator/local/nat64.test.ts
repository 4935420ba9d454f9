import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverOf } from '../../test/support/operator/a-server.ts'
import { noPeers } from '../../workloads/contract/turn-peers.ts'
import type { Facts } from '../render/facts.ts'
import { followNat64 } from './nat64.ts'

const given = '2001:db8:1::/96'
const server = serverOf({ turn: { peers: { nat64: [given] } } })

const homeOf = (ipv6: string | null) => {
  const asked: string[] = []
  const home = {
    server,
    facts: { turnNodes: [{ ipv6 }], turnPeers: { ...noPeers, nat64: [given] } } as unknown as Facts,
    answer: ['2001:db8:64::c000:aa'],
    resolve: async (name: string) => {
      asked.push(name)
      return home.answer
    },
  }
  return { home, asked }
}

/** What was begun has ended. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('what the DNS tells is known at once, a change later, and no answer changes nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { home } = homeOf('2001:db8::7')
  const ended = new AbortController()
  const told: string[][] = []
  await followNat64(home, async () => void told.push(home.facts.turnPeers.nat64), ended.signal)
  assert.deepEqual(home.facts.turnPeers.nat64, [given, '2001:db8:64::/96'])
  const later = async (answer: string[]) => {
    home.answer = answer
    t.mock.timers.tick(600_000)
    await settled()
  }
  await later(['2001:db8:64::c000:ab'])
  await later([])
  assert.deepEqual(told, [], 'the same network')
  await later(['2001:db8:65::c000:ab'])
  assert.deepEqual(told, [[given, '2001:db8:65::/96']])
  ended.abort()
  await later(['2001:db8:66::c000:ab'])
  assert.equal(told.length, 1)
})

test('nothing is asked for a relay without IPv6', async () => {
  const { home, asked } = homeOf(null)
  await followNat64(home, async () => {}, new AbortController().signal)
  assert.deepEqual([asked, home.facts.turnPeers.nat64], [[], [given]])
})
