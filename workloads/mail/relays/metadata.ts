/** IMAP METADATA entries of the server (RFC 5464 with an empty mailbox name), as a session sees them. */

/** Lower-case entry name → value for this account now, or null where the server has none. */
export type ServerMetadata = (accountId: number, entry: string) => string | null
