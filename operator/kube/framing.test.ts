import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WatchFormatError } from './errors.ts'
import { lines } from './framing.ts'

const collect = async (chunks: Uint8Array[], limit?: number): Promise<string[]> => {
  const found: string[] = []
  const source = (async function* () {
    yield* chunks
  })()
  for await (const line of lines(source, limit)) found.push(line)
  return found
}

test('lines are the same however they are cut into chunks', async () => {
  const line = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `<${text.replaceAll('\n', '')}>`)
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(200)), fc.boolean(), async (whole, cuts, cutOff) => {
      const bytes = Buffer.from(whole.map((text) => `${text}\n`).join('') + (cutOff ? '{"half' : ''))
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i]!, end))
      assert.deepEqual(
        await collect(chunks),
        whole.map((text) => Buffer.from(text).toString()),
      )
    }),
  )
})

test('a line that never ends is given up', async () => {
  await assert.rejects(collect([Buffer.alloc(60, 'a'), Buffer.alloc(60, 'a')], 100), WatchFormatError)
  assert.deepEqual(await collect([Buffer.from('a'.repeat(90)), Buffer.from('\nb\n')], 100), ['a'.repeat(90), 'b'])
})
