/** One side of a call through a TURN server: an allocation, one channel and an echo behind it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { attributes } from '../../workloads/turn/stun/attributes.ts'
import { addressIn, codeOf, echoPeer, TurnClient, type TurnLogin } from './turn-client.ts'
import type { TurnProcess } from './turn-process.ts'

/** Ends with the test. `login` is one that holds now unless another is given. */
export const turnCall = async (t: TestContext, server: TurnProcess, login: TurnLogin = server.login()) => {
  const client = await TurnClient.open(server.address, login)
  const peer = await echoPeer('127.0.0.1')
  t.after(() => {
    client.close()
    peer.close()
  })
  const answer = await client.allocate()
  assert.equal(codeOf(answer), 0)
  assert.equal(codeOf(await client.bind(0x4000, peer)), 0)
  return {
    client,
    relayed: addressIn(answer, attributes.xorRelayedAddress),
    /** A datagram goes to the peer and back. */
    echo: async () => {
      const data = randomBytes(8)
      client.sendOn(0x4000, data)
      assert.deepEqual((await client.next()).data, data)
    },
  }
}
