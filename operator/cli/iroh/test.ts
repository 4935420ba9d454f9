/** The command `iroh test`: whether a relay for real-time apps works from here, step by step. */
import { InvalidArgumentError } from 'commander'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import type { CommandContext } from '../context.ts'

export type IrohTestFlags = { url: string; timeout: number; output: 'human' | 'json' }

export type StepResult = { step: string; ok: boolean; ms: number; code?: string; message?: string }

/** What the command needs of the workload. */
export type IrohClient = {
  meanings: Readonly<Record<string, string>>
  checkRelay: (options: { url: string; timeoutMs: number }, report: (result: StepResult) => void) => Promise<boolean>
}

/** The origin is all that clients use of a relay's URL. */
export const relayUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new InvalidArgumentError('A URL with http:// or https:// is wanted, such as https://chat.example.org.')
  if (url.pathname !== '/' || url.search || url.hash)
    throw new InvalidArgumentError('A URL without a path is wanted: clients use nothing of it but the origin.')
  return url.href
}

const line = ({ step, ok, ms, code, message }: StepResult, meanings: IrohClient['meanings']): string =>
  ok ? `✔ ${step}: ${meanings[step]} (${ms} ms)` : `✘ ${step}: ${message} (${code})`

/** Failures of what Delta Chat does not need today are told and do not fail the command. */
const verdict = (works: boolean, results: readonly StepResult[]): string => {
  if (!works) return 'This relay does not work for Delta Chat.'
  return results.every(({ ok }) => ok)
    ? 'This relay works.'
    : 'This relay works for Delta Chat as it is today; what is marked above is missing.'
}

/** Resolves to the exit code. */
export const runIrohTest = async (
  { url, timeout, output }: IrohTestFlags,
  { stdout }: CommandContext,
  { checkRelay, meanings }: IrohClient,
): Promise<number> => {
  const results: StepResult[] = []
  const works = await checkRelay({ url, timeoutMs: timeout * 1000 }, (result) => {
    results.push(result)
    if (output === 'human') stdout.write(`${line(result, meanings)}\n`)
  })
  stdout.write(
    output === 'json' ? `${JSON.stringify({ ok: works, steps: results })}\n` : `\n${verdict(works, results)}\n`,
  )
  return works ? exitCodes.ok : exitCodes.failed
}
