/** The command `turn test`: whether calls through a TURN server work from here, step by step. */
import type { TurnCredential } from '../../../workloads/contract/credential.ts'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import type { CommandContext } from '../context.ts'
import { credentialsOf, type HostPort, readText, secretFrom } from './credential.ts'
import { type Part, parts } from './parts.ts'
import { type Over, type Result, verdict } from './verdict.ts'

export type TurnTestFlags = {
  server?: HostPort
  secretFile?: string
  fromAccount?: string
  over: Over
  timeout: number
  insecure: boolean
  output: 'human' | 'json'
}

type Advice = Part<'advice'>
type Target = HostPort & { credential: TurnCredential; long: (() => TurnCredential) | null }

const messageOf = ({ step, outcome, code }: Result, over: Over, { adviceFor }: Advice): string | undefined =>
  outcome === 'failed' ? adviceFor(step, code ?? '', over) : undefined

const mark = ({ step, outcome }: Result, essential: ReadonlySet<string>): string => {
  if (outcome === 'failed') return essential.has(step) ? '✘' : '!'
  return outcome === 'ok' ? '✔' : '–'
}

const margin = 13

const line = (result: Result, over: Over, essential: ReadonlySet<string>, advice: Advice): string => {
  const { step, outcome, ms, code, detail } = result
  const about = messageOf(result, over, advice) ?? advice.meanings[step]
  const after = outcome === 'ok' ? ` (${ms} ms)` : outcome === 'failed' ? ` (${code})` : ': not known'
  const start = `${mark(result, essential)} ${step}`.padEnd(margin)
  return `${start}${about}${after}\n${detail ? `${' '.repeat(margin)}${detail}\n` : ''}`
}

/** Nothing when all were tried. */
const untried = (results: readonly Result[]): string => {
  const steps = results.filter(({ outcome }) => outcome === 'untried').map(({ step }) => step)
  return steps.length > 0 ? `${'– not tried'.padEnd(margin)}${steps.join(', ')}\n` : ''
}

/** The link itself is a secret: it may be in a file. */
const linkText = (given: string): string => (given.startsWith('@') ? readText(given.slice(1)) : given)

/** An account is told of the relay's UDP port alone; where no UDP gets out clients come to mail's HTTPS port. */
const httpsPort = 443

const fromAccount = async (given: string, { over, timeout, insecure }: TurnTestFlags): Promise<Target> => {
  const [{ accountOf }, { accountCredential }] = await Promise.all([parts.link(), parts.account()])
  const text = linkText(given)
  const failed = (exitCode: number) => (error: unknown) => {
    throw new StartError(`--from-account: ${(error as Error).message}`, exitCode)
  }
  const account = await Promise.resolve(text).then(accountOf).catch(failed(exitCodes.usage))
  const anyCertificate = account.anyCertificate || insecure
  const told = await accountCredential({ ...account, anyCertificate }, timeout * 1000).catch(
    failed(exitCodes.unavailable),
  )
  const { host } = account
  return { ...told, ...(over === 'udp' ? {} : { host, port: httpsPort }), long: null }
}

const targetOf = async (flags: TurnTestFlags, now: number): Promise<Target> => {
  const { server, secretFile } = flags
  if (flags.fromAccount) return { ...(await fromAccount(flags.fromAccount, flags)), ...server }
  if (!server || !secretFile)
    throw new StartError('--server and --secret-file, or --from-account, are wanted', exitCodes.usage)
  const { usual, long } = credentialsOf(secretFrom(secretFile), now)
  return { ...server, credential: usual, long }
}

/** Resolves to the exit code. @throws StartError */
export const runTurnTest = async (flags: TurnTestFlags, { stdout }: CommandContext): Promise<number> => {
  const { over } = flags
  const { long, ...target } = await targetOf(flags, Date.now() / 1000)
  const [{ checkServer, callsWork, essential }, advice] = await Promise.all([parts.checks(), parts.advice()])
  const human = flags.output === 'human'
  const options = { ...target, over, timeoutMs: flags.timeout * 1000, verifyTls: !flags.insecure }
  if (human) stdout.write(`${target.host}, port ${target.port}, over ${over.toUpperCase()}\n\n`)
  const results = await checkServer(options, long, (result) => {
    if (human && result.outcome !== 'untried') stdout.write(line(result, over, essential, advice))
  })
  const works = callsWork(results)
  const told = results.map((result) => ({
    ...result,
    essential: essential.has(result.step),
    message: messageOf(result, over, advice),
  }))
  stdout.write(
    human
      ? `${untried(results)}\n${verdict(works, results, over)}\n`
      : `${JSON.stringify({ ok: works, over, steps: told })}\n`,
  )
  return works ? exitCodes.ok : exitCodes.failed
}
