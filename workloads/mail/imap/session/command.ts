/** The shape of one row of the command table. */
import type { Cursor } from '../syntax/cursor.ts'
import type { Reply } from './reply.ts'
import type { Session, State } from './session.ts'
import type { Updates } from './updates.ts'

/** A command that needs another line of the client: what is sent first, and what is done with the line. */
export type Continuation = { prompt: string; next: (session: Session, line: string) => Outcome | Promise<Outcome> }

export type Outcome = Reply | Continuation

export type Command<A = unknown> = {
  /** In capitals, as the client gives it; `UID FETCH` is a name of its own. */
  name: string
  /** States in which it may be given (RFC 3501 §6). */
  states: readonly State[]
  /** Reads the arguments. @throws SyntaxProblem */
  parse: (cursor: Cursor) => A
  /** Does it: writes untagged responses to the session's output and returns the tagged one. */
  run: (session: Session, args: A) => Outcome | Promise<Outcome>
  /** Which pending changes of the mailbox are told before the tagged reply; all unless said. */
  updates?: Updates
}

export const anyState: readonly State[] = ['unauthenticated', 'authenticated', 'selected']
export const loggedIn: readonly State[] = ['authenticated', 'selected']
export const notLoggedIn: readonly State[] = ['unauthenticated']
export const withMailbox: readonly State[] = ['selected']

/** For commands without arguments. */
export const noArguments = (cursor: Cursor): null => {
  cursor.end()
  return null
}

/** Takes the type of a command's arguments out of the table's way. */
export const command = <A>(definition: Command<A>): Command => definition as unknown as Command

type Numbered<A> = Pick<Command<A>, 'name' | 'parse'> & {
  run: (session: Session, args: A, byUid: boolean) => Outcome | Promise<Outcome>
  /** As `Command.updates`, for each form. */
  updates?: Record<'number' | 'uid', Updates>
}

/** A command on message numbers and its UID form, which means the same by UIDs (RFC 3501 §6.4.8). */
export const numbered = <A>({ name, parse, run, updates }: Numbered<A>): { byNumber: Command; byUid: Command } => {
  const form = (byUid: boolean) =>
    command<A>({
      name: byUid ? `UID ${name}` : name,
      states: withMailbox,
      parse,
      run: (session, args) => run(session, args, byUid),
      ...(updates ? { updates: updates[byUid ? 'uid' : 'number'] } : {}),
    })
  return { byNumber: form(false), byUid: form(true) }
}
