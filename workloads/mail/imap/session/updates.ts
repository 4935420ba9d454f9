/**
 * Untagged responses about the selected mailbox that no command asked for (RFC 3501 §5.2, §7.4.1): EXPUNGE only where
 * sequence numbers of a running command cannot be meant, and changed flags never among the answers to a FETCH. There
 * they are allowed, but a client that keeps one answer for each UID would take them for the message and lose its body:
 * stock Delta Chat does.
 */
import type { FlagsSet } from '../../store/store.ts'
import type { Output } from '../wire/output.ts'
import type { MailboxView } from './mailbox-view.ts'

const tellable = {
  all: { expunge: true, flags: true },
  'no-expunge': { expunge: false, flags: true },
  'no-flags': { expunge: true, flags: false },
  'exists-only': { expunge: false, flags: false },
} as const

export type Updates = keyof typeof tellable | 'none'

type Updated = {
  selected: MailboxView | null
  condstore: boolean
  output: Output
  bye(text: string): void
}

/** `* n FETCH (…)` for changed flags. */
export const flagsLine = (sequence: number, { uid, flags, modseq }: FlagsSet, condstore: boolean): string =>
  `* ${sequence} FETCH (UID ${uid} FLAGS (${flags.join(' ')})${condstore ? ` MODSEQ (${modseq})` : ''})`

/** Writes what the client may be told now. */
export const writeUpdates = (session: Updated, which: Updates): void => {
  const view = session.selected
  if (!view || which === 'none') return
  if (view.gone) session.bye('The selected mailbox was removed')
  const { output } = session
  const { expunge, flags } = tellable[which]
  if (expunge) for (const sequence of view.takeExpunged()) output.line(`* ${sequence} EXPUNGE`)
  const exists = view.takeExists()
  if (exists !== null) output.line(`* ${exists} EXISTS`)
  if (!flags) return
  for (const set of view.takeFlags()) output.line(flagsLine(view.sequenceOf(set.uid), set, session.condstore))
}
