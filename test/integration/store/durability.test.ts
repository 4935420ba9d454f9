/** kill -9 in the middle of writing: what was acknowledged is there afterwards, once; nothing is there in part. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { eventually } from '../../support/eventually.ts'
import { testStore } from '../../support/store.ts'

const writer = new URL('./durability-writer.ts', import.meta.url).pathname

/** Starts a process that delivers, kills it after so many acknowledgements, and returns those that came out. */
const killedAfter = async (dir: string, acknowledgements: number): Promise<Set<string>> => {
  const child = spawn(process.execPath, [writer, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged = new Set<string>()
  for await (const line of createInterface({ input: child.stdout })) {
    assert.ok(!acknowledged.has(line))
    if (acknowledged.add(line).size === acknowledgements) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  return acknowledged
}

test('everything that was acknowledged is there once after kill -9', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'chatmail-store-'))
  const acknowledged = new Set([...(await killedAfter(dir, 150)), ...(await killedAfter(dir, 150))])
  const test = await testStore({ dir })
  t.after(() => test.close())
  const { id } = (await test.store.accounts.find('a@x'))!
  const inbox = (await test.store.mailboxes.find(id, 'INBOX'))!
  const found: string[] = []
  const uids: number[] = []
  for await (const { uid, content } of test.store.messages.read(
    inbox.id,
    [{ from: 1, to: Number.POSITIVE_INFINITY }],
    'content',
  )) {
    const [name, size] = content!.toString('latin1', 0, 60).split(' ') as [string, string]
    assert.equal(content!.length, Number(size))
    found.push(name)
    uids.push(uid)
  }
  assert.equal(new Set(found).size, found.length)
  for (const name of acknowledged) assert.ok(found.includes(name), `${name} was acknowledged and is lost`)
  assert.ok(inbox.uidNext > uids.at(-1)!)
  const large = found.filter((name) => name.endsWith('-large')).length
  await eventually(async () => assert.equal((await readdir(join(dir, 'blobs'))).length, large))
})
