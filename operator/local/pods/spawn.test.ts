import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { eventually } from '../../../test/support/eventually.ts'
import { layout } from '../data/layout.ts'
import { startTime } from '../host/process-identity.ts'
import type { PodPlan } from './plan.ts'
import { spawnPod } from './spawn.ts'

const plan = { name: 'mail', args: [] as string[] } as PodPlan
const sleeper = 'console.log(process.pid); setTimeout(() => {}, 60_000)'

const spawnIn = (t: TestContext) => {
  const dirs = layout(mkdtempSync(join(tmpdir(), 'spawn-')))
  t.after(() => rmSync(dirs.root, { recursive: true, force: true }))
  const spawn = spawnPod(dirs, { command: [process.execPath, '-e', sleeper], env: {}, output: 'log' })
  return { dirs, spawn }
}

test('a process is noted with the time that it began', (t) => {
  const { dirs, spawn } = spawnIn(t)
  const child = spawn(plan)
  t.after(() => child.kill('SIGKILL'))
  const noted = JSON.parse(readFileSync(dirs.pod('mail').process, 'utf8'))
  assert.deepEqual(noted, { pid: child.pid, startTime: startTime(child.pid!) })
})

test('a process that cannot be noted does not stay', async (t) => {
  const { dirs, spawn } = spawnIn(t)
  mkdirSync(dirs.pod('mail').process, { recursive: true })
  assert.throws(() => spawn(plan), /EISDIR/)
  await eventually(() => assert.equal(children(), ''))
})

/** Processes that this one has started and that still run (proc(5)). */
const children = (): string => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
