/**
 * Proofs that relays work, made again and again in the background: for TURN an authenticated Allocate and a datagram relayed
 * through the public address, for Iroh two endpoints and a datagram. A relay that has worked is given up after several
 * failures in a row, as one datagram may be lost.
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

/** `via`: where the relay is found when the URL's name does not resolve here. */
export type IrohTarget = { url: string; via: { host: string; port: number } | null }

/** Proves an Iroh relay. */
export type ProveIroh = (options: {
  url: string
  via?: { host: string; port: number }
  timeoutMs: number
  signal?: AbortSignal
}) => Promise<Proof>

export type Target = { host: string; port: number; secret: string }

/** untried: the first proof is under way. */
export type Proven = { state: 'untried' } | { state: 'works' } | { state: 'fails'; message: string }

export type ProofsOptions<T> = {
  prove: (target: T, signal: AbortSignal) => Promise<Proof>
  /** Told the owner of a target whose state has changed. */
  changed: (owner: string) => void
  /** In a row, of one that has worked. */
  failuresToGiveUp?: number
  pace?: Pace['proofs']
}

const timeoutMs = 5000
const usualFailures = 3
/** Long enough for any clock that TURN would accept. */
const credentialSeconds = 3600

/** `now` in Unix milliseconds. */
export const turnProof =
  (prove: ProveRelay, now: () => number) =>
  ({ host, port, secret }: Target, signal: AbortSignal): Promise<Proof> => {
    const credential = turnCredential(secret, Math.floor(now() / 1000) + credentialSeconds)
    return prove({ host, port, ...credential, timeoutMs, signal })
  }

export const irohProof =
  (prove: ProveIroh) =>
  ({ url, via }: IrohTarget, signal: AbortSignal): Promise<Proof> =>
    prove({ url, ...(via ? { via } : {}), timeoutMs, signal })

type Entry<T> = {
  owner: string
  target: T
  proven: Proven
  failures: number
  timer: NodeJS.Timeout | undefined
  abort: AbortController
}

export class Proofs<T = Target> {
  readonly #options: ProofsOptions<T>
  readonly #entries = new Map<string, Entry<T>>()

  constructor(options: ProofsOptions<T>) {
    this.#options = options
  }

  /**
   * What is known of a target; the first call for it begins to prove it. `id` names it among those of `owner`. One that
   * clients are told of already has been proved by an operator before: it works until it fails as often as any other.
   */
  of(owner: string, id: string, target: T, told: boolean): Proven {
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

  #begin(key: string, owner: string, target: T, told: boolean): Entry<T> {
    const entry: Entry<T> = {
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

  #end(key: string, entry: Entry<T>): void {
    clearTimeout(entry.timer)
    entry.abort.abort()
    this.#entries.delete(key)
  }

  async #prove(entry: Entry<T>): Promise<void> {
    const proof = await this.#options.prove(entry.target, entry.abort.signal).catch(
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

  #note(entry: Entry<T>, proof: Proof): void {
    const before = entry.proven
    entry.failures = proof.ok ? 0 : entry.failures + 1
    if (proof.ok) entry.proven = { state: 'works' }
    else if (before.state !== 'works' || entry.failures >= (this.#options.failuresToGiveUp ?? usualFailures))
      entry.proven = { state: 'fails', message: `${proof.step}: ${proof.message}` }
    if (JSON.stringify(before) !== JSON.stringify(entry.proven)) this.#options.changed(entry.owner)
  }
}
