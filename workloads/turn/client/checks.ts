/** Finds out whether a TURN server works from where this runs, step by step, as clients would use it. */
import { lookup } from 'node:dns/promises'
import type { TurnCredential } from '../../contract/credential.ts'
import { familyOf } from '../../kit/address/text.ts'
import type { CheckStep } from './advice.ts'
import { type CheckOptions, type CheckResult, type Found, open, type Run } from './check-run.ts'
import { probes, type State, type Step, steps } from './check-steps.ts'
import { type TurnClient, TurnError } from './client.ts'

/** Without these Delta Chat's calls do not work; the others are for other clients and other networks. */
export const essential: ReadonlySet<CheckStep> = new Set([
  'resolve',
  'binding',
  'allocate',
  'permission',
  'range',
  'relay',
  'loss',
])

/** Whether calls work: what cannot be found out from here speaks against nothing. */
export const callsWork = (results: readonly CheckResult[]): boolean =>
  [...essential].every((step) =>
    results.some((result) => result.step === step && ['ok', 'skipped'].includes(result.outcome)),
  )

const timed = async (step: CheckStep, work: () => Promise<Found>): Promise<CheckResult> => {
  const started = performance.now()
  const took = () => Math.round((performance.now() - started) * 10) / 10
  try {
    const { outcome, ms, ...found } = await work()
    const rounded = ms === undefined ? took() : Math.round(ms * 10) / 10
    return { step, outcome: outcome ?? (found.code ? 'failed' : 'ok'), ms: rounded, ...found }
  } catch (error) {
    const code = error instanceof TurnError ? error.code : ((error as NodeJS.ErrnoException).code ?? 'FAILED')
    return { step, outcome: 'failed', ms: took(), code }
  }
}

/** The credential again with an end far away: what is taken then and not before has a clock that differs. */
export type LongCredential = () => TurnCredential

/** Whose fault it is that a credential was refused, where the key is known. */
const refusalOf = async (run: Run, long: LongCredential | null): Promise<string> => {
  if (!long) return '401'
  try {
    const client = await open({ ...run, credential: long() })
    await client.allocate(familyOf(run.address))
    return 'CLOCK'
  } catch (error) {
    return error instanceof TurnError && error.code === '401' ? 'KEY' : '401'
  }
}

class Examination {
  #options: CheckOptions
  #long: LongCredential | null
  #report: (result: CheckResult) => void
  #state: State = { results: new Map() }
  /** Clients of one step that later ones use. */
  #kept: TurnClient[] = []

  constructor(options: CheckOptions, long: LongCredential | null, report: (result: CheckResult) => void) {
    this.#options = options
    this.#long = long
    this.#report = report
  }

  get results(): CheckResult[] {
    return [...this.#state.results.values()]
  }

  /** Null when the name leads nowhere. */
  async resolve(): Promise<string | null> {
    const found: { address: string | null } = { address: null }
    const result = await timed('resolve', async () => {
      found.address = (await lookup(this.#options.host)).address
      return { detail: found.address }
    })
    this.#tell(result)
    return found.address
  }

  /** `address` is null where there is none to take it at. */
  async take({ step, blockedBy, work }: Step, address: string | null): Promise<void> {
    const blocked = address === null ? 'resolve' : blockedBy(this.#state)
    if (address === null || blocked) return this.#tell({ step, outcome: 'untried', ms: 0, detail: `needs ${blocked}` })
    const run = this.#runAt(address)
    const result = await timed(step, () => work(run, this.#state))
    const refused = step === 'allocate' && result.code === '401'
    this.#tell(refused ? { ...result, code: await refusalOf(run, this.#long) } : result)
    if (step === 'allocate') this.#kept.push(...run.clients)
    else await releaseAll(run.clients)
  }

  end(): Promise<void> {
    return releaseAll(this.#kept)
  }

  /** What every step may take, and the loss, which takes a while by itself. */
  #runAt(address: string): Run {
    const signal = AbortSignal.timeout(this.#options.timeoutMs + probes.count * probes.everyMs + probes.afterMs)
    for (const client of this.#kept) client.until(signal)
    return { ...this.#options, address, signal, clients: [] }
  }

  #tell(result: CheckResult): void {
    this.#state.results.set(result.step, result)
    this.#report(result)
  }
}

const releaseAll = async (clients: readonly TurnClient[]): Promise<void> =>
  void (await Promise.all(clients.map((client) => client.release())))

/**
 * Takes every step whose ground is there, and reports each as it ends. Never throws; frees every allocation.
 * `long` makes a credential that ends much later, where the key is known.
 */
export const checkServer = async (
  options: CheckOptions,
  long: LongCredential | null,
  report: (result: CheckResult) => void,
): Promise<CheckResult[]> => {
  const examination = new Examination(options, long, report)
  const address = await examination.resolve()
  // What the main steps go over needs no step of its own.
  for (const step of steps) if (step.step !== options.over) await examination.take(step, address)
  await examination.end()
  return examination.results
}
