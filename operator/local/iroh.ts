/**
 * The relay for real-time apps on one machine: clients are told of it while a test through its URL succeeds, which is made
 * again whenever its process comes or goes, and now and then.
 */
import { irohUrl } from '../render/iroh/reach.ts'
import { names } from '../render/names.ts'
import type { LocalServer } from './server.ts'

export type IrohProof = { ok: true } | { ok: false; step: string; message: string }

/** Tries the relay at `url` as its clients use it. Never throws. */
export type ProveIroh = (url: string, signal: AbortSignal) => Promise<IrohProof>

const againMs = { works: 300_000, fails: 15_000 } as const

type Told = { url: string | null; why: string }

export class IrohTeller {
  #local: LocalServer
  #tell: () => Promise<void>
  #ended: AbortSignal
  #looking: Promise<void> | null = null
  #lookAgain = false
  #timer: NodeJS.Timeout | undefined
  #why = ''

  /** `tell` brings the facts to mail; nothing is done after `ended`. */
  constructor(local: LocalServer, tell: () => Promise<void>, ended: AbortSignal) {
    this.#local = local
    this.#tell = tell
    this.#ended = ended
    local.events.on('event', (event) => {
      if (event.kind === 'state' && event.pod === names.iroh(local.server)) void this.look()
    })
    ended.addEventListener('abort', () => clearTimeout(this.#timer), { once: true })
  }

  /** Resolves when clients are told what is the case now. */
  look(): Promise<void> {
    this.#lookAgain = this.#looking !== null
    this.#looking ??= this.#lookUntilSettled().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #lookUntilSettled(): Promise<void> {
    clearTimeout(this.#timer)
    do {
      this.#lookAgain = false
      await this.#change(await this.#found())
    } while (this.#lookAgain && !this.#ended.aborted)
    if (this.#ended.aborted || this.#local.server.spec.iroh.mode === 'Disabled') return
    const wait = this.#local.facts.irohUrl ? againMs.works : againMs.fails
    this.#timer = setTimeout(() => void this.look(), wait).unref()
  }

  async #found(): Promise<Told> {
    const { server, facts, runner, proveIroh } = this.#local
    const url = irohUrl(server, facts)
    if (!url) return { url, why: '' }
    if (server.spec.iroh.mode === 'Managed' && !runner.isReady(names.iroh(server))) return { url: null, why: '' }
    const proof = await proveIroh(url, this.#ended)
    return proof.ok ? { url, why: '' } : { url: null, why: `${proof.step}: ${proof.message}` }
  }

  async #change({ url, why }: Told): Promise<void> {
    const { facts, progress } = this.#local
    if (this.#ended.aborted) return
    if (why && why !== this.#why) progress(`Real-time apps have no relay. ${why}`)
    this.#why = why
    if (url === facts.irohUrl) return
    facts.irohUrl = url
    if (url) progress('The relay for real-time apps is ready.')
    await this.#tell().catch((error: Error) => progress(`Mail could not be told of a change: ${error.message}`))
  }
}
