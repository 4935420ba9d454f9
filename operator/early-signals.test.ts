// A process that is told to stop while it loads ends, as it does anywhere else.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

const run = async (code: string): Promise<number | null> => {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `import '${import.meta.dirname}/early-signals.ts'\n${code}`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [exitCode] = await once(child, 'exit')
  return exitCode
}

const waiting = "process.stdout.write('up')\nsetInterval(() => {}, 1000)"

test('while nobody handles the signal, the process ends by it', async () => {
  assert.equal(await run(waiting), 143)
})

test('who handles it decides', async () => {
  assert.equal(await run(`process.on('SIGTERM', () => process.exit(7))\n${waiting}`), 7)
})
