/**
 * The address of a From header that holds one mailbox (RFC 5322 §3.4): read to be compared, so that what is not plainly
 * one address is none.
 *
 *     mailbox = [display-name] "<" addr-spec ">" / addr-spec      ; with comments and quoted strings
 */

type State = { address: string; bare: string; angles: number; inAngle: boolean; failed: boolean }

/** Index after the quoted string or comment that begins at `at`, or -1 where it does not end. */
const afterDelimited = (text: string, at: number): number => {
  const isComment = text[at] === '('
  let depth = 1
  for (let index = at + 1; index < text.length; index++) {
    const character = text[index]
    if (character === '\\') index++
    else if (isComment && character === '(') depth++
    else if (character === (isComment ? ')' : '"') && --depth === 0) return index + 1
  }
  return -1
}

const step = (state: State, character: string): void => {
  if (character === '<') {
    state.failed ||= state.inAngle || state.angles++ > 0
    state.inAngle = true
  } else if (character === '>') {
    state.failed ||= !state.inAngle
    state.inAngle = false
  } else if (character === ',' || character === ';') state.failed = true
  else if (state.inAngle) state.address += character
  else if (state.angles > 0) state.failed ||= character !== ' ' && character !== '\t'
  else state.bare += character
}

const isAddress = (text: string): boolean => /^[^\s"()<>,;:@\\]+@[^\s"()<>,;@\\]+$/.test(text)

/** The one address in lower case, or null. */
export const soleAddress = (value: string): string | null => {
  const state: State = { address: '', bare: '', angles: 0, inAngle: false, failed: false }
  let at = 0
  while (at < value.length && !state.failed) {
    const character = value[at]!
    const delimited = character === '"' || character === '('
    if (delimited) state.failed = state.inAngle || afterDelimited(value, at) === -1
    else step(state, character)
    at = delimited && !state.failed ? afterDelimited(value, at) : at + 1
  }
  const address = (state.angles ? state.address : state.bare.trim()).toLowerCase()
  return state.failed || state.inAngle || !isAddress(address) ? null : address
}
