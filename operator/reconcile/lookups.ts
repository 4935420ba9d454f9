/** What the DNS says of the names that a server needs, remembered for a while so that a pass never waits for it long. */
import { Resolver } from 'node:dns/promises'

/** The addresses of a name; empty where there is none or nobody answers. */
export type Resolve = (name: string) => Promise<string[]>

const rememberMs = 60_000

export const resolveByDns: Resolve = async (name) => {
  const resolver = new Resolver({ timeout: 1000, tries: 1 })
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
}

export class Lookups {
  readonly #resolve: Resolve
  readonly #now: () => number
  readonly #known = new Map<string, { at: number; addresses: Promise<string[]> }>()

  /** `now` in milliseconds. */
  constructor(resolve: Resolve, now: () => number) {
    this.#resolve = resolve
    this.#now = now
  }

  addresses(name: string): Promise<string[]> {
    const known = this.#known.get(name)
    if (known && known.at > this.#now() - rememberMs) return known.addresses
    const addresses = this.#resolve(name).catch(() => [])
    this.#known.set(name, { at: this.#now(), addresses })
    return addresses
  }
}
