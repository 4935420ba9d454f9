/**
 * Logging in and registering. Where registration is open, the first login makes the account: clients make up a name and
 * a password and log in by IMAP and SMTP at the same moment, in either order.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { newCredentials } from '../../contract/invite.ts'
import type { Account, MailStore } from '../store/store.ts'
import type { Login, LoginResult } from './login.ts'
import { accountAddress, longestPassword, mayBeNamed, mayBePassword } from './names.ts'
import { Passwords } from './passwords/passwords.ts'
import { type Cost, defaultCost } from './passwords/scrypt.ts'
import { Overloaded, type TurnstileLimits } from './passwords/turnstile.ts'
import type { VerifiedLimits } from './passwords/verified.ts'
import { isValidToken, type RegistrationMode, type RegistrationResult } from './registration.ts'

export type AccountsOptions = {
  store: Pick<MailStore, 'accounts'>
  domain: string
  registration: RegistrationMode
  /** Mode Token: what is valid now. */
  tokens: () => readonly string[]
  /** Unix milliseconds. */
  clock?: () => number
  cost?: Cost
  limits?: Partial<TurnstileLimits & VerifiedLimits>
  /** Told of a failing store or an unreadable verifier. */
  onError?: (error: unknown) => void
}

export type Accounts = {
  login: Login
  /** Never throws. In mode Open the credentials come to life with their first login, so that a flood stores nothing. */
  register: (token: string | null) => Promise<RegistrationResult>
}

/** Two hashes at a time leave half of libuv's four threads to files. The queue is some 40 s of work for two cores. */
const defaultLimits: TurnstileLimits & VerifiedLimits = {
  running: 2,
  waiting: 2000,
  perName: 8,
  entries: 10_000,
  lifetime: 24 * 3600 * 1000,
}

const dayMs = 24 * 3600 * 1000

const unavailable = { ok: false, reason: 'unavailable' } as const

class AccountsService {
  #options: AccountsOptions
  #clock: () => number
  #passwords: Passwords
  /** The one answer to a wrong password and, where logging in makes no accounts, to an unknown name. */
  #refused: LoginResult
  /** First logins under way, by address: the others wait for the account, or null, and are verified against it. */
  #creating = new Map<string, Promise<Account | null>>()

  constructor(options: AccountsOptions) {
    const { cost = defaultCost, limits, clock = Date.now } = options
    this.#options = options
    this.#clock = clock
    this.#refused = { ok: false, reason: options.registration === 'Open' ? 'refused' : 'closed' }
    this.#passwords = new Passwords({ cost, limits: { ...defaultLimits, ...limits }, random: randomBytes, now: clock })
  }

  async login(user: string, password: string): Promise<LoginResult> {
    const address = accountAddress(user, this.#options.domain)
    if (address === null || password.length > longestPassword) return this.#refused
    const account = await this.#find(address)
    return account ? this.#enter(account, password) : this.#firstLogin(address, password)
  }

  async register(token: string | null): Promise<RegistrationResult> {
    const { registration, domain, tokens } = this.#options
    if (registration === 'Closed') return { ok: false, reason: 'closed' }
    if (registration === 'Token' && !isValidToken(token ?? '', tokens())) return { ok: false, reason: 'token' }
    const { address, password } = newCredentials(domain.toLowerCase(), randomInt)
    if (await this.#find(address)) return this.register(token)
    if (registration === 'Token') {
      const { created } = await this.#create(address, password)
      if (!created) return this.register(token)
    }
    return { ok: true, address, password }
  }

  /** An overload is the flood bound at work, and no failure. */
  report(error: unknown): void {
    if (!(error instanceof Overloaded)) this.#options.onError?.(error)
  }

  get #today(): number {
    return Math.floor(this.#clock() / dayMs)
  }

  #find(address: string): Promise<Account | null> {
    return this.#options.store.accounts.find(address)
  }

  async #enter(account: Account, password: string): Promise<LoginResult> {
    if (!(await this.#passwords.verify(account.address, password, account.verifier))) return this.#refused
    const { accounts } = this.#options.store
    if (account.lastLoginDay < this.#today) await accounts.touch(account.id, this.#today)
    return { ok: true, session: { accountId: account.id, address: account.address } }
  }

  async #firstLogin(address: string, password: string): Promise<LoginResult> {
    const open = this.#options.registration === 'Open'
    if (open && mayBeNamed(address) && mayBePassword(password)) return this.#createByLogin(address, password)
    await this.#passwords.pretend(address, password)
    return this.#refused
  }

  /** Between the look and the entry into `#creating` nothing is awaited, so each address has one creator. */
  async #createByLogin(address: string, password: string): Promise<LoginResult> {
    const creating = this.#creating.get(address) ?? this.#creator(address, password)
    const account = await creating
    return account ? this.#enter(account, password) : unavailable
  }

  #creator(address: string, password: string): Promise<Account | null> {
    const creating = this.#create(address, password)
      .then(({ account }) => account)
      .catch((error) => {
        this.report(error)
        return null
      })
      .finally(() => this.#creating.delete(address))
    this.#creating.set(address, creating)
    return creating
  }

  async #create(address: string, password: string): Promise<{ account: Account; created: boolean }> {
    const verifier = await this.#passwords.hash(address, password)
    return this.#options.store.accounts.create(address, verifier, this.#today)
  }
}

export const createAccounts = (options: AccountsOptions): Accounts => {
  const service = new AccountsService(options)
  const failed = (error: unknown) => {
    service.report(error)
    return unavailable
  }
  return {
    login: (user, password) => service.login(user, password).catch(failed),
    register: (token) => service.register(token).catch(failed),
  }
}
