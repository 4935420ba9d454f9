import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PodPlan } from './plan.ts'
import { Pod, type PodEvent } from './pod.ts'

const probe = { port: 1, path: '/readyz', periodMs: 1000, failureThreshold: 1 }

test('who does not hear SIGTERM is killed when the grace period is up', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chatmail-pod-'))
  const deaf = ['-e', "process.on('SIGTERM', () => {}); process.stdout.write('up'); setInterval(() => {}, 1000)"]
  const plan: PodPlan = {
    name: 'deaf',
    args: [],
    mountsDir: join(dir, 'mounts'),
    files: new Map(),
    folders: [],
    readiness: probe,
    liveness: probe,
    gracePeriodMs: 150,
    revision: '',
  }
  const child = spawn(process.execPath, deaf, { stdio: ['ignore', 'pipe', 'ignore'] })
  const events: PodEvent[] = []
  const host = { spawn: () => child, forget: () => {}, probeHost: '127.0.0.1', now: Date.now }
  const pod = new Pod(plan, { ...host, report: (event) => events.push(event) })
  const up = once(child.stdout, 'data')
  pod.start()
  await up
  await pod.stop()
  assert.equal(child.signalCode, 'SIGKILL')
  assert.deepEqual(
    events.map((event) => (event.kind === 'state' ? event.state : event.kind)),
    ['starting', 'stopped'],
  )
  rmSync(dir, { recursive: true })
})
