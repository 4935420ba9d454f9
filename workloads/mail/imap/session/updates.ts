/**
 * Untagged responses about the selected mailbox that no command asked for (RFC 3501 §5.2, §7.4.1): EXPUNGE only where
 * sequence numbers of a running command cannot be meant, EXISTS and FETCH anywhere.
 */
import type { FlagsSet } from '../../store/store.ts'
import type { Output } from '../wire/output.ts'
import type { MailboxView } from './mailbox-view.ts'

export type Updates = 'all' | 'no-expunge' | 'none'

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
  if (which === 'all') for (const sequence of view.takeExpunged()) output.line(`* ${sequence} EXPUNGE`)
  const exists = view.takeExists()
  if (exists !== null) output.line(`* ${exists} EXISTS`)
  for (const flags of view.takeFlags()) output.line(flagsLine(view.sequenceOf(flags.uid), flags, session.condstore))
}
