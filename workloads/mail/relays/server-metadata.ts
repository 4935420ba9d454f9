/**
 * The server's METADATA entries (RFC 5464) that Delta Chat reads. Each call makes a fresh TURN credential, so that a login
 * gets the full validity.
 */
import type { Keyring } from '../../contract/keyring.ts'
import type { Relays } from '../../contract/relays.ts'
import { endpointFor } from './endpoint.ts'
import type { ServerMetadata } from './metadata.ts'
import { turnOffValue, turnValue } from './turn-value.ts'

export type ServerMetadataOptions = {
  keyring: () => Keyring
  relays: () => Relays
  turn: { enabled: boolean; credentialTtl: number }
  maxRecipients: number
  comment: string | null
  admin: string | null
  /** Unix milliseconds. */
  now: () => number
}

/** Keeps clients from public relays of third parties, which they use when the entry is missing (RFC 6761 §6.4). */
const irohOffUrl = 'https://iroh-off.invalid/'

const turnEntry = (options: ServerMetadataOptions, accountId: number): string => {
  const { enabled, credentialTtl } = options.turn
  const seconds = Math.floor(options.now() / 1000)
  const endpoint = enabled ? endpointFor(options.relays().turn, accountId) : null
  return endpoint
    ? turnValue(endpoint, options.keyring(), accountId, credentialTtl, seconds)
    : turnOffValue(credentialTtl, seconds)
}

export const createServerMetadata = (options: ServerMetadataOptions): ServerMetadata => {
  const entries = new Map<string, (accountId: number) => string | null>([
    ['/shared/comment', () => options.comment],
    ['/shared/admin', () => options.admin],
    ['/shared/vendor/deltachat/turn', (accountId) => turnEntry(options, accountId)],
    ['/shared/vendor/deltachat/irohrelay', () => options.relays().iroh ?? irohOffUrl],
    ['/shared/vendor/deltachat/maxsmtprecipients', () => String(options.maxRecipients)],
  ])
  return (accountId, entry) => entries.get(entry)?.(accountId) ?? null
}
