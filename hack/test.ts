/**
 * Runs the tests below the folders that are named, or all of them, and leaves node's own summary as the last lines.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'

const everything = ['operator', 'workloads', 'test/integration', 'test/chart', 'test/e2e']
const chosen = process.argv.slice(2)
const files = (chosen.length > 0 ? chosen : everything).flatMap((path) =>
  path.endsWith('.ts') ? [path] : globSync(`${path}/**/*.test.ts`),
)

if (files.length === 0) {
  console.error(`no test files below ${chosen.join(', ')}`)
  process.exit(1)
}

// A cluster fills a machine, and what is tried on one takes minutes.
const onCluster = files.some((path) => path.startsWith('test/cluster/'))
const [concurrency, timeoutMs] = onCluster ? [1, 900_000] : [2, 120_000]

const runner = spawn(
  process.execPath,
  ['--test', `--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, ...files.sort()],
  { stdio: 'inherit' },
)
runner.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal))
