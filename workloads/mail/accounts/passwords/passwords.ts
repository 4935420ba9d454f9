/** Hashing and verifying for the logins: bounded, cached, and as slow for an unknown account as for a wrong password. */
import { type Cost, hashPassword, type RandomBytes, unmatchedVerifier, verifyPassword } from './scrypt.ts'
import { Turnstile, type TurnstileLimits } from './turnstile.ts'
import { Verified, type VerifiedLimits } from './verified.ts'

export type PasswordsOptions = {
  cost: Cost
  limits: TurnstileLimits & VerifiedLimits
  random: RandomBytes
  /** Milliseconds. */
  now: () => number
}

export class Passwords {
  #options: PasswordsOptions
  #turnstile: Turnstile
  #verified: Verified
  #unmatched: string

  constructor(options: PasswordsOptions) {
    this.#options = options
    this.#turnstile = new Turnstile(options.limits)
    this.#verified = new Verified(options.random(32), options.limits, options.now)
    this.#unmatched = unmatchedVerifier(options.cost, options.random)
  }

  /** `name` is whose place in the queue this takes. @throws Overloaded */
  async hash(name: string, password: string): Promise<string> {
    const { cost, random } = this.#options
    const verifier = await this.#turnstile.run(name, () => hashPassword(password, cost, random))
    this.#verified.add(verifier, password)
    return verifier
  }

  /** @throws Overloaded */
  async verify(name: string, password: string, verifier: string): Promise<boolean> {
    if (this.#verified.has(verifier, password)) return true
    // Looks again when it is its turn: several sessions of one client come at once, and the first has done the work.
    const right = await this.#turnstile.run(
      name,
      async () => this.#verified.has(verifier, password) || verifyPassword(password, verifier),
    )
    if (right) this.#verified.add(verifier, password)
    return right
  }

  /** Takes as long as `verify` of a wrong password, so that the time does not tell which accounts exist. @throws Overloaded */
  async pretend(name: string, password: string): Promise<void> {
    await this.#turnstile.run(name, () => verifyPassword(password, this.#unmatched))
  }
}
