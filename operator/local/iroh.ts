/**
 * The relay for real-time apps on one machine: clients are told of it while a test through its URL succeeds, which is made
 * again whenever its process comes or goes, and now and then.
 */
import type { EventEmitter } from 'node:events'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Facts } from '../render/facts.ts'
import { irohUrl } from '../render/iroh/reach.ts'
import { names } from '../render/names.ts'
import type { PodEvent } from './pods/pod.ts'

export type IrohProof = { ok: true } | { ok: false; step: string; message: string }

/** Tries the relay at `url` as its clients use it. Never throws. */
export type ProveIroh = (url: string, signal: AbortSignal) => Promise<IrohProof>

/** The server that the relay belongs to. */
export type IrohHome = {
  server: ChatmailServer
  /** `irohUrl` is kept by the teller. */
  facts: Facts
  runner: { isReady: (pod: string) => boolean }
  events: EventEmitter<{ event: [PodEvent] }>
  progress: (line: string) => void
  proveIroh: ProveIroh
}

const againMs = { works: 300_000, fails: 15_000 } as const

type Told = { url: string | null; why: string }

export class IrohTeller {
  #home: IrohHome
  #tell: () => Promise<void>
  #ended: AbortSignal
  #looking: Promise<void> | null = null
  #lookAgain = false
  #timer: NodeJS.Timeout | undefined
  #why = ''

  /** `tell` brings the facts to mail; nothing is done after `ended`. */
  constructor(home: IrohHome, tell: () => Promise<void>, ended: AbortSignal) {
    this.#home = home
    this.#tell = tell
    this.#ended = ended
    home.events.on('event', (event) => {
      if (event.kind === 'state' && event.pod === names.iroh(home.server)) void this.look()
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
    if (this.#ended.aborted || this.#home.server.spec.iroh.mode === 'Disabled') return
    const wait = this.#home.facts.irohUrl ? againMs.works : againMs.fails
    this.#timer = setTimeout(() => void this.look(), wait).unref()
  }

  async #found(): Promise<Told> {
    const { server, facts, runner, proveIroh } = this.#home
    const url = irohUrl(server, facts)
    if (!url) return { url, why: '' }
    if (server.spec.iroh.mode === 'Managed' && !runner.isReady(names.iroh(server))) return { url: null, why: '' }
    const proof = await proveIroh(url, this.#ended)
    return proof.ok ? { url, why: '' } : { url: null, why: `${proof.step}: ${proof.message}` }
  }

  async #change({ url, why }: Told): Promise<void> {
    const { facts, progress } = this.#home
    if (this.#ended.aborted) return
    if (why && why !== this.#why) progress(`Real-time apps have no relay. ${why}`)
    this.#why = why
    if (url === facts.irohUrl) return
    facts.irohUrl = url
    if (url) progress('The relay for real-time apps is ready.')
    await this.#tell().catch((error: Error) => progress(`Mail could not be told of a change: ${error.message}`))
  }
}
