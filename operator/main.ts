/** The entry of every command: hands over the words, the environment, the streams and the signals of this process. */
// First, before everything that takes time to load.
import './early-signals.ts'
import { fileURLToPath } from 'node:url'
import { workloadNodeFlags } from '../workloads/contract/workload-process.ts'
import { runCommand } from './cli/program.ts'

/** npm passes a signal on that the terminal has already sent; within this time two are one. */
const sameSignalMs = 300

const onStop = (listener: (immediate: boolean) => void): void => {
  let first = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      const now = performance.now()
      if (first && now - first < sameSignalMs) return
      listener(first > 0)
      first ||= now
    })
}

const exitCode = await runCommand(process.argv.slice(2), {
  pid: process.pid,
  command: [process.execPath, ...workloadNodeFlags, fileURLToPath(import.meta.url)],
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onStop,
  onExit: (listener) => process.on('exit', listener),
})
process.exit(exitCode)
