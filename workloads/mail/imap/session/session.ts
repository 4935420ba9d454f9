/**
 * One client's session (RFC 3501 §3): who is logged in, which mailbox is selected, what may be sent. Commands work on it;
 * sockets and framing are the connection's.
 */
import type { Session as LoginSession } from '../../accounts/login.ts'
import type { Change } from '../../store/store.ts'
import type { Output } from '../wire/output.ts'
import type { MailboxView } from './mailbox-view.ts'
import type { Services } from './services.ts'
import { writeUpdates } from './updates.ts'

export type State = 'unauthenticated' | 'authenticated' | 'selected'

/** What a command asks of the connection, done after its tagged reply has left. */
export type After = 'none' | 'end' | 'starttls' | 'compress'

export class Session {
  readonly services: Services
  readonly output: Output
  secure: boolean
  account: LoginSession | null = null
  selected: MailboxView | null = null
  /** The client knows of mod-sequences (RFC 7162 §3.1). */
  condstore = false
  idling = false
  failedLogins = 0
  after: After = 'none'
  #unwatch: (() => void) | null = null
  #disposed = false

  constructor(services: Services, output: Output, secure: boolean) {
    this.services = services
    this.output = output
    this.secure = secure
  }

  get state(): State {
    if (!this.account) return 'unauthenticated'
    return this.selected ? 'selected' : 'authenticated'
  }

  /** The account's id, in states where one is logged in. */
  get accountId(): number {
    return this.account!.accountId
  }

  /** Ends the session with an untagged BYE. */
  bye(text: string): void {
    if (this.after === 'end') return
    this.output.line(`* BYE ${text}`)
    this.after = 'end'
  }

  /** False when the account has as many sessions as it may. */
  authenticate(account: LoginSession): boolean {
    const { sessionsByAccount, limits } = this.services
    const sessions = sessionsByAccount.get(account.accountId) ?? 0
    if (sessions >= limits.sessionsPerAccount) return false
    sessionsByAccount.set(account.accountId, sessions + 1)
    this.account = account
    return true
  }

  /** Follows a mailbox's changes from now on. Those that come before `opened` is called wait for it. */
  watch(view: MailboxView): { opened: () => void; cancel: () => void } {
    let waiting: Change[] | null = []
    const unwatch = this.services.store.watch(view.id, (change) => {
      if (waiting) waiting.push(change)
      else this.#changed(view, change)
    })
    const opened = () => {
      for (const change of waiting ?? []) view.note(change, false)
      waiting = null
      this.selected = view
      this.#unwatch = unwatch
    }
    return { opened, cancel: unwatch }
  }

  /** Back to the authenticated state, without a word to the client. */
  deselect(): void {
    this.#unwatch?.()
    this.#unwatch = null
    this.selected = null
  }

  /** Lets go of everything, when the connection ends or is gone. */
  dispose(): void {
    this.deselect()
    if (!this.account || this.#disposed) return
    this.#disposed = true
    const { sessionsByAccount } = this.services
    const left = (sessionsByAccount.get(this.accountId) ?? 1) - 1
    if (left > 0) sessionsByAccount.set(this.accountId, left)
    else sessionsByAccount.delete(this.accountId)
  }

  #changed(view: MailboxView, change: Change): void {
    view.note(change, change.origin === this)
    if (!this.idling) return
    writeUpdates(this, 'all')
    if (this.after === 'end') this.output.end()
    else this.output.flush()
  }
}
