/** The flow of packets that the cluster's tests judge a relay by: it must notice what it is there to notice. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Flow } from '../../support/cluster/flow.ts'
import { TurnProcess } from '../../support/turn-process.ts'

describe('a flow of relayed packets', () => {
  let turn: TurnProcess
  let value: string

  before(async () => {
    turn = await TurnProcess.start()
    const { username, password } = turn.login()
    value = `${turn.address.host}:${turn.address.port}:${username}:${password}`
  })
  after(() => turn.stop())

  const plan = { rate: 50, refreshSeconds: 0.2 }

  test('whole: every packet comes back, every refresh is granted', async () => {
    const flow = await Flow.start([], { turn: value, ...plan })
    await flow.until(({ echoed, refreshed }) => echoed > 20 && refreshed > 10)
    const { sent, echoed, lost, refused } = await flow.stop()
    assert.deepEqual({ echoed, lost, refused }, { echoed: sent, lost: 0, refused: {} })
  })

  test('refused: a wrong password does not make a flow', async () => {
    await assert.rejects(Flow.start([], { turn: `${value}x`, ...plan }), /error code 401/)
  })

  test('cut: packets count as lost, and the gap grows', async () => {
    const flow = await Flow.start([], { turn: value, ...plan })
    turn.signal('SIGKILL')
    await turn.exited
    await flow.until(({ lost, longestGapMs }) => lost > 20 && longestGapMs > 1000)
    flow.kill()
  })
})
