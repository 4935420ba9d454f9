// Runs in a network where UDP works: the same endpoints find a direct path. So where they do not, it was not there.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { eventually } from '../../../support/eventually.ts'
import { type IrohEndpoint, irohLibraries } from '../../../support/iroh-clients.ts'
import { startIroh } from '../../../support/iroh-process.ts'

describe('with a direct path', { concurrency: true }, () => {
  for (const { name, open } of irohLibraries)
    it(`${name}: it is found`, async () => {
      const relay = await startIroh()
      const endpoints = [await open(relay.url.href), await open(relay.url.href)] as [IrohEndpoint, IrohEndpoint]
      try {
        const [one, two] = endpoints
        const [there] = await Promise.all([one.connect(two.id), two.connect(one.id)])
        await eventually(async () => {
          await there.echo(randomBytes(1000))
          assert.equal(await there.isRelayed(), false)
        })
      } finally {
        await Promise.all(endpoints.map((endpoint) => endpoint.close()))
        await relay.stop()
      }
    })
})
