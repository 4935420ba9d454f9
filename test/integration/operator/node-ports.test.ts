// Ports of nodes that cannot be had: told with the field and what to do, without a storm of tries, and had once they are free.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { brisk, type Live, OperatorBed } from '../../support/operator/bed.ts'

const skip = apiServerMissing()
let bed: OperatorBed
before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  await bed.operate({ pace: brisk })
})
after(() => bed?.stop())

type Ports = Record<string, number>
const apply = (name: string, ports: Ports): Promise<Live> =>
  bed.apply(name, { domain: `${name}.example.org`, exposure: { type: 'NodePort', ports } })

/** Resolves when Exposed and Stalled say it in these words. */
const refused = (name: string, words: RegExp): Promise<void> =>
  eventually(async () => {
    const { status } = await bed.until(name, 'Exposed', 'False', 'NodePortRefused')
    for (const type of ['Exposed', 'Stalled', 'Ready'])
      assert.match(status!.conditions!.find((condition) => condition.type === type)!.message, words, type)
  })

const nodePorts = async (name: string): Promise<Ports> => {
  const { spec } = (await bed.object<KubeObject & { spec: { ports: { name: string; nodePort: number }[] } }>(
    'Service',
    `${name}-mail`,
  ))!
  return Object.fromEntries(spec.ports.map(({ name, nodePort }) => [name, nodePort]))
}

test('of two servers that want one port the later is told so, works otherwise, and gets it when it is free', {
  skip,
}, async () => {
  await apply('first', { imaps: 30993 })
  await bed.until('first', 'Exposed', 'True', 'Exposed')
  await apply('second', { imaps: 30993 })
  await refused(
    'second',
    /^spec\.exposure\.ports\.imaps: the port 30993 of the nodes .*already allocated\. Give another/,
  )
  await bed.until('second', 'MailAvailable', 'True')
  await bed.until('second', 'Stalled', 'True', 'NodePortRefused')
  await bed.until('first', 'Ready', 'True')
  await apply('first', { imaps: 30994 })
  await bed.until('second', 'Exposed', 'True', 'Exposed')
  await bed.until('second', 'Ready', 'True')
  assert.equal((await nodePorts('second')).imaps, 30993)
})

test('a change to a port that is taken, outside of the range, or of another one of the same server', {
  skip,
}, async () => {
  const { imap } = await nodePorts('second')
  for (const [port, words] of [
    [30994, /ports\.imaps: the port 30994 .*already allocated/],
    [993, /ports\.imaps: the port 993 .*range of valid ports is/],
    [imap!, new RegExp(`ports\\.imaps: the port ${imap} .*another port of this server has it`)],
  ] as const) {
    await apply('second', { imaps: port })
    await refused('second', words)
    assert.equal((await nodePorts('second')).imaps, 30993, 'what there is stays')
  }
  await apply('second', { imaps: 30995 })
  await bed.until('second', 'Ready', 'True')
  assert.equal((await nodePorts('second')).imaps, 30995)
})

test('none of this was a pass that went wrong', { skip }, () => {
  assert.deepEqual(bed.errors(), [])
})
