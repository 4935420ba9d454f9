/** Special uses of mailboxes (RFC 6154 §2). `\All` and `\Flagged` would be views over others, which there are none of. */

const uses = ['\\Archive', '\\Drafts', '\\Junk', '\\Sent', '\\Trash'] as const

const byName = new Map<string, string>(uses.map((use) => [use.toLowerCase(), use]))

/** The one use that was asked for in its canonical spelling; undefined when it is none, or more than one. */
export const findSpecialUse = (asked: readonly string[]): string | undefined =>
  asked.length === 1 ? byName.get(asked[0]!.toLowerCase()) : undefined
