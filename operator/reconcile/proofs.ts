/**
 * Proofs that relays work: an authenticated Allocate and a datagram relayed through the public address, made again and
 * again in the background. A relay that has worked is given up after several failures in a row, as one datagram may be lost.
 */
import { turnCredential } from '../../workloads/contract/credential.ts'
import { type Pace, usualPace } from './pace.ts'

export type Proof = { ok: true; rttMs: number } | { ok: false; step: string; code: string; message: string }

export type ProveRelay = (options: {
  host: string
  port: number
  username: string
  password: string
  timeoutMs: number
  signal?: AbortSignal
}) => Promise<Proof>

export type Target = { host: string; port: number; secret: string }

/** untried: the first proof is under way. */
export type Proven = { state: 'untried' } | { state: 'works' } | { state: 'fails'; message: string }

export type ProofsOptions = {
  prove: ProveRelay
  /** Told the owner of a target whose state has changed. */
  changed: (owner: string) => void
  /** Unix milliseconds. */
  now: () => number
  pace?: Pace['proofs']
}

const timeoutMs = 5000
const failuresToGiveUp = 3
/** Long enough for any clock that TURN would accept. */
const credentialSeconds = 3600

type Entry = {
  owner: string
  target: Target
  proven: Proven
  failures: number
  timer: NodeJS.Timeout | undefined
  abort: AbortController
}

export class Proofs {
  readonly #options: ProofsOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: ProofsOptions) {
    this.#options = options
  }

  /**
   * What is known of a target; the first call for it begins to prove it. `id` names it among those of `owner`. One that
   * clients are told of already has been proved by an operator before: it works until it fails as often as any other.
   */
  of(owner: string, id: string, target: Target, told: boolean): Proven {
    const key = `${owner}\n${id}`
    const entry = this.#entries.get(key) ?? this.#begin(key, owner, target, told)
    entry.target = target
    return entry.proven
  }

  /** Forgets the targets of `owner` but those of these ids. */
  keepOnly(owner: string, ids: ReadonlySet<string>): void {
    for (const [key, entry] of this.#entries)
      if (entry.owner === owner && !ids.has(key.slice(owner.length + 1))) this.#end(key, entry)
  }

  stop(): void {
    for (const [key, entry] of this.#entries) this.#end(key, entry)
  }

  #begin(key: string, owner: string, target: Target, told: boolean): Entry {
    const entry: Entry = {
      owner,
      target,
      proven: { state: told ? 'works' : 'untried' },
      failures: 0,
      timer: undefined,
      abort: new AbortController(),
    }
    this.#entries.set(key, entry)
    void this.#prove(entry)
    return entry
  }

  #end(key: string, entry: Entry): void {
    clearTimeout(entry.timer)
    entry.abort.abort()
    this.#entries.delete(key)
  }

  async #prove(entry: Entry): Promise<void> {
    const { host, port, secret } = entry.target
    const credential = turnCredential(secret, Math.floor(this.#options.now() / 1000) + credentialSeconds)
    const options = { host, port, ...credential, timeoutMs, signal: entry.abort.signal }
    const proof = await this.#options.prove(options).catch(
      (error: Error): Proof => ({
        ok: false,
        step: 'resolve',
        code: error.name,
        message: 'the proof could not be made',
      }),
    )
    if (entry.abort.signal.aborted) return
    this.#note(entry, proof)
    const { worksMs, failsMs } = this.#options.pace ?? usualPace.proofs
    const wait = proof.ok ? worksMs : failsMs
    entry.timer = setTimeout(() => void this.#prove(entry), wait).unref()
  }

  #note(entry: Entry, proof: Proof): void {
    const before = entry.proven
    entry.failures = proof.ok ? 0 : entry.failures + 1
    if (proof.ok) entry.proven = { state: 'works' }
    else if (before.state !== 'works' || entry.failures >= failuresToGiveUp)
      entry.proven = { state: 'fails', message: `${proof.step}: ${proof.message}` }
    if (JSON.stringify(before) !== JSON.stringify(entry.proven)) this.#options.changed(entry.owner)
  }
}
