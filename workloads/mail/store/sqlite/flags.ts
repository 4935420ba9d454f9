/**
 * Message flags as the database holds them: RFC 9051 §2.3.2 system flags as bits, keywords as text with a space between.
 * Both compare without regard to case; a keyword keeps the spelling that came first.
 */
import { type FlagChange, QuotaExceeded } from '../store.ts'

export type StoredFlags = { flags: number; keywords: string }

export const seen = 1
export const deleted = 8

/** Characters of all keywords of one message: more is no use to anybody and would grow every listing. */
const keywordLimit = 1000

/** @throws QuotaExceeded */
export const checkKeywords = ({ keywords }: StoredFlags): void => {
  if (keywords.length > keywordLimit) throw new QuotaExceeded('too many keywords on one message')
}

const systemFlags = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'] as const
const bitOf = new Map<string, number>(systemFlags.map((name, index) => [name.toLowerCase(), 1 << index]))

/** Every combination without keywords, made once: nearly all messages share these arrays. */
const combinations: readonly (readonly string[])[] = Array.from({ length: 1 << systemFlags.length }, (_, bits) =>
  Object.freeze(systemFlags.filter((_, index) => bits & (1 << index))),
)

/** The flags by name; the array is shared and frozen. */
export const namesOf = (flags: number, keywords: string | null): readonly string[] =>
  keywords ? [...combinations[flags]!, ...keywords.split(' ')] : combinations[flags]!

/** `\Recent` is the server's own business and never kept. */
export const encodeFlags = (names: readonly string[]): StoredFlags => {
  const keywords = new Map<string, string>()
  let flags = 0
  for (const name of names) {
    const folded = name.toLowerCase()
    const bit = bitOf.get(folded)
    if (bit) flags |= bit
    else if (folded !== '\\recent' && name !== '' && !keywords.has(folded)) keywords.set(folded, name)
  }
  return { flags, keywords: [...keywords.values()].join(' ') }
}

const without = (keywords: string, removed: string): string => {
  if (keywords === '' || removed === '') return keywords
  const gone = new Set(removed.toLowerCase().split(' '))
  return keywords
    .split(' ')
    .filter((keyword) => !gone.has(keyword.toLowerCase()))
    .join(' ')
}

const joined = (keywords: string, added: string): string => {
  const fresh = without(added, keywords)
  return keywords && fresh ? `${keywords} ${fresh}` : keywords || fresh
}

/** STORE: what `current` becomes. */
export const changedFlags = (
  current: StoredFlags,
  operation: FlagChange['operation'],
  given: StoredFlags,
): StoredFlags => {
  if (operation === 'replace') return given
  if (operation === 'add')
    return { flags: current.flags | given.flags, keywords: joined(current.keywords, given.keywords) }
  return { flags: current.flags & ~given.flags, keywords: without(current.keywords, given.keywords) }
}
