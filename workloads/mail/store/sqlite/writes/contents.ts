/** Contents and their reference counts: kept once for all who got the message, gone with the last of them. */
import type { DatabaseSync } from 'node:sqlite'
import type { StoredMessage } from '../content.ts'
import { one } from '../rows.ts'
import type { Effects } from './effects.ts'

export type Contents = {
  /** Stores the content with no reference yet and returns its id. */
  insert: (message: StoredMessage) => number
  retain: (contentId: number, references: number) => void
  release: (contentId: number, effects: Effects) => void
}

export const contents = (db: DatabaseSync): Contents => {
  const insert = db.prepare('INSERT INTO contents (refs, size, head_size, data, file) VALUES (0, ?, ?, ?, ?)')
  const retain = db.prepare('UPDATE contents SET refs = refs + ? WHERE id = ?')
  const removeLast = db.prepare('DELETE FROM contents WHERE id = ? AND refs <= 1 RETURNING file')
  return {
    insert: ({ size, headSize, data, file }) => Number(insert.run(size, headSize, data, file).lastInsertRowid),
    retain: (contentId, references) => void retain.run(references, contentId),
    release: (contentId, effects) => {
      const removed = one<{ file: string | null }>(removeLast, contentId)
      if (!removed) retain.run(-1, contentId)
      else if (removed.file) effects.files.push(removed.file)
    },
  }
}
