/** Where everything of a local server lies, below its data folder. */
import { join } from 'node:path'

export type Layout = ReturnType<typeof layout>

export const layout = (root: string) => ({
  root,
  /** Held for as long as a server runs on this folder. */
  lock: join(root, 'lock'),
  /** Says who holds the lock, for the error of a second start. */
  holder: join(root, 'holder.json'),
  /** Volumes by claim: accounts and messages. */
  volume: (claim: string): string => join(root, 'volumes', claim),
  secrets: join(root, 'secrets'),
  /** Secrets by name, one file a key; they outlive a stop. A person may put some here. */
  secret: (name: string): string => join(root, 'secrets', name),
  pods: join(root, 'pods'),
  pod: (name: string) => ({
    root: join(root, 'pods', name),
    mounts: join(root, 'pods', name, 'mounts'),
    volume: (volume: string): string => join(root, 'pods', name, 'volumes', volume),
    /** Which process runs it, so that one left behind is found. */
    process: join(root, 'pods', name, 'process.json'),
  }),
  /** TURN keys: the last request of each kind, what of the manifest is among them, and where the rotation stands. */
  keyRequest: (kind: 'rotate' | 'revoke'): string => join(root, 'keys', kind),
  keyAnnotations: join(root, 'keys', 'manifest.json'),
  keysState: join(root, 'keys', 'state.json'),
  logs: join(root, 'logs'),
  log: (pod: string): string => join(root, 'logs', `${pod}.log`),
  /** Compiled code; may be removed at any time. */
  cache: join(root, 'cache'),
})
