/** Running a program and having its words: what the cluster's harness is made of. */
import { spawn } from 'node:child_process'

export type WordsOptions = {
  env?: Readonly<Record<string, string | undefined>>
  /** What it reads from standard input. */
  input?: string
}

/** Resolves to its standard output. @throws Error with the program, its exit code and all that it said */
export const words = (command: readonly string[], { env, input }: WordsOptions = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), { env: env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) return resolve(stdout)
      reject(new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}`))
    })
    // It may end without having read.
    child.stdin.on('error', () => undefined).end(input)
  })
