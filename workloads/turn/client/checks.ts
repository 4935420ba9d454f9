/** Finds out whether a TURN server works from where this runs, step by step, as clients would use it. */
import { lookup } from 'node:dns/promises'
import type { TurnCredential } from '../../contract/credential.ts'
import { familyOf } from '../../kit/address/text.ts'
import {
  type CheckOptions,
  type CheckStep,
  type Found,
  open,
  probes,
  type Run,
  type State,
  type Step,
  steps,
} from './check-steps.ts'
import { type TurnClient, TurnError } from './client.ts'

export type CheckResult = {
  step: CheckStep
  /** `skipped`: it cannot be found out from here. */
  outcome: 'ok' | 'failed' | 'skipped'
  /** Milliseconds that it took; of `relay`, from one client to the other and back. */
  ms: number
  code?: string
  /** What was found: addresses, percentages. Only for the person who asks. */
  detail?: string
}

/** Without these Delta Chat's calls do not work; the others are for other clients and other networks. */
export const essential: ReadonlySet<CheckStep> = new Set([
  'resolve',
  'binding',
  'allocate',
  'permission',
  'relay',
  'loss',
  'range',
])

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

const clockDiffers = async (run: Run, long: LongCredential | null): Promise<boolean> => {
  if (!long) return false
  const client = await open({ ...run, credential: long() }).catch(() => null)
  return client
    ? client.allocate(familyOf(run.address)).then(
        () => true,
        () => false,
      )
    : false
}

class Examination {
  readonly results: CheckResult[] = []
  #options: CheckOptions
  #long: LongCredential | null
  #report: (result: CheckResult) => void
  #failed = new Set<CheckStep>()
  #state: State = {}
  /** Clients of one step that later ones use. */
  #kept: TurnClient[] = []

  constructor(options: CheckOptions, long: LongCredential | null, report: (result: CheckResult) => void) {
    this.#options = options
    this.#long = long
    this.#report = report
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

  async take({ step, needs, work }: Step, address: string): Promise<void> {
    if (needs.some((need) => this.#failed.has(need))) {
      this.#failed.add(step)
      return
    }
    const run = this.#runAt(address)
    const result = await timed(step, () => work(run, this.#state))
    const clock = step === 'allocate' && result.code === '401' && (await clockDiffers(run, this.#long))
    if (result.outcome === 'failed') this.#failed.add(step)
    this.#tell(clock ? { ...result, code: 'CLOCK' } : result)
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
    this.results.push(result)
    this.#report(result)
  }
}

const releaseAll = async (clients: readonly TurnClient[]): Promise<void> =>
  void (await Promise.all(clients.map((client) => client.release())))

/**
 * Runs every step whose ground is there, and reports each as it ends. Never throws; frees every allocation.
 * `long` makes a credential that ends much later, where the key is known.
 */
export const checkServer = async (
  options: CheckOptions,
  long: LongCredential | null,
  report: (result: CheckResult) => void,
): Promise<CheckResult[]> => {
  const examination = new Examination(options, long, report)
  const address = await examination.resolve()
  if (address !== null) for (const step of steps) await examination.take(step, address)
  await examination.end()
  return examination.results
}
