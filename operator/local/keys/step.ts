/** One step of the TURN keys of one machine: read, decided, written down, put in force, told; in this order. */
import { digestOf } from '../../../workloads/contract/state.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { rotationPolicy } from '../../turnkeys/policy.ts'
import type { KeyRequests } from '../../turnkeys/rotation.ts'
import { stepKeys, wakeAfter } from '../../turnkeys/step.ts'
import { type KeysState, stateOf } from './state.ts'

/** The digest of the ring that each process has in force; null where it does not answer. */
export type LoadedRings = { turn: readonly (string | null)[]; mail: readonly (string | null)[] }

export type KeyParts = {
  server: ChatmailServer
  /** `keyring.json` as it is kept. What is written is on disk when `write` returns. */
  ring: { read: () => string | null; write: (text: string) => void }
  requests: () => KeyRequests
  loaded: () => Promise<LoadedRings>
  /** Gives every process the ring of this text; again with the same one changes nothing. */
  apply: (text: string) => Promise<void>
  tell: (state: KeysState) => void
  /** Unix milliseconds. */
  now: () => number
  random: (bytes: number) => Buffer
}

/** While processes are waited for, which nothing announces. */
const pollMs = 250

export type Kept = { text: string; changed: boolean; wakeMs: number | null }

/** @throws UnreadableKeyring, and what the file system says */
export const keepKeys = async (parts: KeyParts): Promise<Kept> => {
  const loaded = await parts.loaded()
  const requests = parts.requests()
  const kept = parts.ring.read()
  const now = parts.now()
  const { rotation, text } = stepKeys({
    kept,
    policy: rotationPolicy(parts.server, requests),
    acknowledgements: ({ generation }, ring) => {
      const digest = digestOf(ring)
      const generations = (digests: readonly (string | null)[]) =>
        digests.map((each) => (each === digest ? generation : null))
      return { turn: generations(loaded.turn), mail: generations(loaded.mail) }
    },
    now,
    random: parts.random,
  })
  if (text !== kept) parts.ring.write(text)
  await parts.apply(text)
  parts.tell(stateOf(parts.server, rotation, requests))
  return { text, changed: text !== kept, wakeMs: wakeAfter(rotation, now, pollMs) }
}

/**
 * Steps until nothing is to be done, before any process runs: all of them start with what this leaves, so that nobody is
 * waited for, and a revoked key signs nothing more. Resolves to the ring's text.
 */
export const settleKeys = async (parts: Omit<KeyParts, 'loaded' | 'apply'>): Promise<string> => {
  const alone = { ...parts, loaded: async () => ({ turn: [], mail: [] }), apply: async () => {} }
  for (;;) {
    const { text, changed } = await keepKeys(alone)
    if (!changed) return text
  }
}
