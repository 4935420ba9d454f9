/** The tagged end of a command (RFC 3501 §7.1) and what a handler may answer with. */

export type Reply = { status: 'OK' | 'NO' | 'BAD'; code: string | null; text: string }

export const ok = (text: string, code: string | null = null): Reply => ({ status: 'OK', code, text })
/** Refused: the command was understood. `code` is a response code of RFC 5530 or another, without brackets. */
export const no = (code: string | null, text: string): Reply => ({ status: 'NO', code, text })
export const bad = (text: string): Reply => ({ status: 'BAD', code: null, text })

export const literalTooBig: Reply = no('TOOBIG', 'The literal is too large')

/** The line of a reply, without its end. Text must be printable 7-bit. */
export const replyLine = (tag: string, { status, code, text }: Reply): string =>
  code === null ? `${tag} ${status} ${text}` : `${tag} ${status} [${code}] ${text}`
