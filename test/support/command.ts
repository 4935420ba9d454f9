/** The command line as a person uses it, in a process of its own. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export type Outcome = { code: number | null; stdout: string; stderr: string }

/** Runs `chatmail WORDS`; `input` is its standard input. Killed after `timeoutMs`. */
export const chatmail = (words: readonly string[], { input = '', timeoutMs = 60_000 } = {}): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['operator/main.ts', ...words], {
      cwd: join(import.meta.dirname, '../..'),
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: '.cache/compile' },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const outcome: Outcome = { code: null, stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        outcome[name] += text
      })
    child.once('error', reject).once('close', (code) => resolve({ ...outcome, code }))
    child.stdin.end(input)
  })
