/**
 * From a frame to a command of the table with its arguments (RFC 3501 §9).
 *
 *   command = tag SP (command-any / command-auth / …) CRLF          tag = 1*<any ASTRING-CHAR except "+">
 */
import { Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import type { Frame } from '../wire/framing.ts'
import type { Command } from './command.ts'
import type { Session, State } from './session.ts'

export type CommandTable = ReadonlyMap<string, Command>

type Read =
  | { tag: string; command: Command; args: unknown }
  /** `command` is null when not even its name could be read. */
  | { tag: string; command: Command | null; problem: string }

const tagPattern = /[^\x00-\x20(){%*"\\+\x7f-\xff]{1,64}/y

const wrongState: Record<State, string> = {
  unauthenticated: 'Log in first',
  authenticated: 'Select a mailbox first',
  selected: 'You are logged in already',
}

const stateProblem = (command: Command, state: State): string =>
  command.states.includes('unauthenticated') ? wrongState.selected : wrongState[state]

const readName = (cursor: Cursor): string => {
  const name = cursor.keyword('a command')
  if (name !== 'UID') return name
  cursor.space()
  return `UID ${cursor.keyword('a command')}`
}

const readTag = (cursor: Cursor): string => {
  try {
    const tag = cursor.match(tagPattern, 'a tag')
    cursor.space()
    return tag
  } catch {
    return '*'
  }
}

/** Never throws for what a client sent: says instead what is wrong with it. */
export const readCommand = (table: CommandTable, { fragments, literals }: Frame, session: Session): Read => {
  const cursor = new Cursor(fragments, literals)
  const tag = readTag(cursor)
  if (tag === '*') return { tag, command: null, problem: 'A tag and a command were expected' }
  let command: Command | null = null
  try {
    command = table.get(readName(cursor)) ?? null
    if (!command) return { tag, command, problem: 'Unknown command' }
    if (!command.states.includes(session.state)) return { tag, command, problem: stateProblem(command, session.state) }
    if (!cursor.atEnd) cursor.space()
    return { tag, command, args: command.parse(cursor) }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    return { tag, command, problem: `Syntax: ${error.message}` }
  }
}

/** The tag of a command of which there is only the first line, or `*`. */
export const tagOf = (firstLine: string): string => readTag(new Cursor([firstLine]))
