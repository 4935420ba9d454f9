/**
 * Patterns of LIST and LSUB (RFC 3501 §6.3.8): `*` matches anything, `%` anything within one level. Matching takes
 * steps in proportion to name × pattern, whatever the pattern.
 */
import { delimiter } from './name.ts'

/** Positions in the pattern that can be reached without reading a character. */
const closure = (pattern: string, states: Set<number>): Set<number> => {
  for (const state of states) if (pattern[state] === '*' || pattern[state] === '%') states.add(state + 1)
  return states
}

const step = (pattern: string, states: Set<number>, char: string): Set<number> => {
  const next = new Set<number>()
  for (const state of states) {
    const expected = pattern[state]
    if (expected === '*' || (expected === '%' && char !== delimiter)) next.add(state)
    else if (expected === char) next.add(state + 1)
  }
  return closure(pattern, next)
}

const collapse = (pattern: string): string => pattern.replace(/[*%]*\*[*%]*/g, '*').replace(/%+/g, '%')

/** True when `pattern` matches the whole of `name`; both in the store's form. */
export const matchesPattern = (pattern: string, name: string): boolean => {
  const collapsed = collapse(pattern).replace(/^inbox(?=$|\/|%|\*)/i, 'INBOX')
  let states = closure(collapsed, new Set([0]))
  for (const char of name) {
    states = step(collapsed, states, char)
    if (states.size === 0) return false
  }
  return states.has(collapsed.length)
}
