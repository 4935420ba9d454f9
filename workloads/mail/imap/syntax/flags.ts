/**
 * Flags (RFC 3501 §2.3.2): system flags begin with a backslash, keywords are atoms of the client's choice.
 *
 *   flag-list = "(" [flag *(SP flag)] ")"      flag = "\Answered" / "\Flagged" / … / flag-keyword / "\" atom
 */
import { type Cursor, SyntaxProblem } from './cursor.ts'

export const systemFlags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'] as const

const canonical = new Map(systemFlags.map((flag) => [flag.toLowerCase(), flag]))
const maxKeywordLength = 64
const maxFlags = 64

/** One flag in its canonical spelling. @throws SyntaxProblem also for `\Recent`, which clients cannot set */
export const parseFlag = (cursor: Cursor): string => {
  const system = cursor.take('\\')
  const atom = cursor.atom('a flag')
  if (atom.length > maxKeywordLength) throw new SyntaxProblem('a shorter flag was expected')
  if (!system) return atom
  const flag = canonical.get(`\\${atom.toLowerCase()}`)
  if (!flag) throw new SyntaxProblem('this system flag cannot be set')
  return flag
}

const bounded = (flags: string[]): string[] => {
  if (flags.length > maxFlags) throw new SyntaxProblem('fewer flags were expected')
  return [...new Set(flags)]
}

export const parseFlagList = (cursor: Cursor): string[] => bounded(cursor.list(parseFlag))

/** STORE also takes flags without parentheses. */
export const parseStoreFlags = (cursor: Cursor): string[] => {
  if (cursor.peek === '(') return parseFlagList(cursor)
  const flags = [parseFlag(cursor)]
  while (cursor.take(' ')) flags.push(parseFlag(cursor))
  return bounded(flags)
}
