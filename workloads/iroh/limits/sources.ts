/** The addresses that connections come from: how many each has open, and one pace for all of them. */
import { sourceOf } from '../../kit/limits/source.ts'
import { Pace, type PaceLimits } from './pace.ts'

export class Source {
  readonly name: string
  readonly pace: Pace | null
  connections = 0

  constructor(name: string, pace: Pace | null) {
    this.name = name
    this.pace = pace
  }
}

export type SourceLimits = { connections: number; pace: PaceLimits | null }

export class Sources {
  #limits: SourceLimits
  #now: () => number
  #open = new Map<string, Source>()

  constructor(limits: SourceLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  /** One more connection from `address`, or null where it has enough. Each one that enters leaves once. */
  enter(address: string): Source | null {
    const name = sourceOf(address)
    const source = this.#open.get(name) ?? this.#create(name)
    if (source.connections >= this.#limits.connections) return null
    source.connections++
    return source
  }

  leave(source: Source): void {
    source.connections--
  }

  /** Forgets who has nothing open; one that owes is remembered, so that coming again does not clear it. */
  sweep(now: number): void {
    for (const source of this.#open.values())
      if (source.connections === 0 && (source.pace?.isFull(now) ?? true)) this.#open.delete(source.name)
  }

  get size(): number {
    return this.#open.size
  }

  #create(name: string): Source {
    const { pace } = this.#limits
    const source = new Source(name, pace && new Pace(pace, this.#now()))
    this.#open.set(name, source)
    return source
  }
}
