/** What clients of an Iroh relay ask for at the origin of its URL, so that a server in front of it knows what to pass on. */

/** Upgrades to the relay's own protocols; the second is the older name. */
export const relayPaths: ReadonlySet<string> = new Set(['/relay', '/derp'])

/** Plain requests by which clients choose a relay and find captive portals. */
export const probePaths: ReadonlySet<string> = new Set(['/ping', '/generate_204'])

export const pathOf = (url: string | undefined): string => (url ?? '').split('?', 1)[0]!
