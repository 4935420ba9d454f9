/** What every protocol asks of the accounts: does this name with this password get in, and as whom. */

export type Session = { accountId: number; address: string }

export type LoginFailure =
  /** Wrong password, or a name or password that breaks the rules. One answer for all, so that names cannot be probed. */
  | 'refused'
  /** The same where logging in makes no accounts: also a name that nobody has. */
  | 'closed'
  /** Too much to do, or the store failed: try again later. */
  | 'unavailable'

export type LoginResult = { ok: true; session: Session } | { ok: false; reason: LoginFailure }

/** Logs in, and creates the account where registration is open. Never throws. */
export type Login = (user: string, password: string) => Promise<LoginResult>
