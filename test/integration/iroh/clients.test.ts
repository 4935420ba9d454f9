// The real Iroh libraries of both generations at our relay, in networks of their own.
import { describe, it } from 'node:test'
import { irohMissing } from '../../support/iroh-clients.ts'
import { namespaceMissing, runInNamespace } from '../../support/namespace.ts'

const skip = irohMissing() || namespaceMissing()

describe('the real Iroh libraries', { skip, concurrency: true }, () => {
  it('by relay alone: UDP goes nowhere', async () => {
    await runInNamespace({ udp: false }, 'test/integration/iroh/native/relayed.ts')
  })

  it('find a direct path where there is one', async () => {
    await runInNamespace({ udp: true }, 'test/integration/iroh/native/direct.ts')
  })
})
