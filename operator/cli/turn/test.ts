/** The command `turn test`: whether calls through a TURN server work from here, step by step. */
import { readFileSync } from 'node:fs'
import type { TurnCredential } from '../../../workloads/contract/credential.ts'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import type { CommandContext } from '../context.ts'
import { type Account, accountLink, credentialsOf, type HostPort, secretFrom } from './credential.ts'

export type TurnTestFlags = {
  server?: HostPort
  secretFile?: string
  fromAccount?: string
  timeout: number
  insecure: boolean
  output: 'human' | 'json'
}

type Result = { step: string; outcome: 'ok' | 'failed' | 'skipped'; ms: number; code?: string; detail?: string }

/** What the command needs of the workload. */
export type TurnChecks = {
  essential: ReadonlySet<string>
  adviceFor: (step: never, code: string) => string
  checkServer: (
    options: HostPort & { timeoutMs: number; credential: TurnCredential; verifyTls: boolean },
    long: (() => TurnCredential) | null,
    report: (result: Result) => void,
  ) => Promise<Result[]>
  accountCredential: (account: Account, timeoutMs: number) => Promise<HostPort & { credential: TurnCredential }>
}

type Target = HostPort & { credential: TurnCredential; long: (() => TurnCredential) | null }

/** What each step shows when it is passed. */
const meanings: Record<string, string> = {
  resolve: 'the name leads to an address',
  binding: 'the port answers',
  allocate: 'the credential is taken',
  permission: 'peers are let in',
  relay: 'a datagram goes from one client through the public address to another and back',
  loss: 'a stream of datagrams arrives',
  range: 'relayed ports are reached from outside',
  ipv6: 'the server relays over IPv6 too',
  tcp: 'clients without UDP can use TCP',
  tls: 'clients without UDP can use TLS',
}

const marks = { ok: '✔', failed: '✘', skipped: '–' }

const adviceOf = ({ step, outcome, code }: Result, { adviceFor }: TurnChecks): string | undefined =>
  outcome === 'failed' ? adviceFor(step as never, code ?? '') : undefined

const line = (result: Result, checks: TurnChecks): string => {
  const { step, outcome, ms, code, detail } = result
  const about = outcome === 'failed' ? `${adviceOf(result, checks)} (${code})` : meanings[step]
  return `${marks[outcome]} ${step}: ${about}${outcome === 'ok' ? ` (${ms} ms)` : ''}${detail ? `\n    ${detail}` : ''}`
}

const verdict = (works: boolean, results: readonly Result[]): string => {
  if (!works) return 'Calls do not work through this server from here.'
  return results.every(({ outcome }) => outcome !== 'failed')
    ? 'This server works.'
    : 'This server works for Delta Chat; what is marked above is missing for other clients and networks.'
}

/** The link itself is a secret: it may be in a file. */
const linkText = (given: string): string =>
  given.startsWith('@') ? readFileSync(given.slice(1), 'utf8').trim() : given

const targetOf = async (flags: TurnTestFlags, checks: TurnChecks, now: number): Promise<Target> => {
  const { server, secretFile, fromAccount, timeout } = flags
  if (fromAccount) {
    const told = await checks
      .accountCredential(accountLink(linkText(fromAccount)), timeout * 1000)
      .catch((error: Error) => {
        throw new StartError(`--from-account: ${error.message}`, exitCodes.unavailable)
      })
    return { ...told, ...server, long: null }
  }
  if (!server || !secretFile)
    throw new StartError('--server and --secret-file, or --from-account, are wanted', exitCodes.usage)
  const { usual, long } = credentialsOf(secretFrom(secretFile), now)
  return { ...server, credential: usual, long }
}

/** Resolves to the exit code. @throws StartError */
export const runTurnTest = async (
  flags: TurnTestFlags,
  { stdout }: CommandContext,
  checks: TurnChecks,
): Promise<number> => {
  const { long, ...target } = await targetOf(flags, checks, Date.now() / 1000)
  const human = flags.output === 'human'
  const options = { ...target, timeoutMs: flags.timeout * 1000, verifyTls: !flags.insecure }
  const results = await checks.checkServer(options, long, (result) => {
    if (human) stdout.write(`${line(result, checks)}\n`)
  })
  const passed = results.filter(({ outcome }) => outcome !== 'failed').map(({ step }) => step)
  const works = [...checks.essential].every((step) => passed.includes(step))
  const told = results.map((result) => ({ ...result, message: adviceOf(result, checks) }))
  stdout.write(human ? `\n${verdict(works, results)}\n` : `${JSON.stringify({ ok: works, steps: told })}\n`)
  return works ? exitCodes.ok : exitCodes.failed
}
