/** Real-time data of a webxdc app between two stock Delta Chat cores, with the direct path made impossible. */
import { test } from 'node:test'
import { coreMissing } from '../support/deltachat.ts'
import { namespaceMissing, runInNamespace } from '../support/namespace.ts'

test('real-time data through our relay alone', { skip: coreMissing() || namespaceMissing() }, async () => {
  await runInNamespace({ udp: false }, 'test/e2e/realtime/by-relay.ts')
})
