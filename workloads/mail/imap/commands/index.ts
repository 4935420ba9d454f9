/** The table of all commands. */
import type { Command } from '../session/command.ts'
import type { CommandTable } from '../session/dispatch.ts'
import { appendCommand } from './append.ts'
import { authenticate } from './authenticate.ts'
import { capability } from './capability.ts'
import { close, unselect } from './close.ts'
import { compress } from './compress.ts'
import { copy, move, uidCopy, uidMove } from './copy.ts'
import { createCommand } from './create.ts'
import { deleteCommand } from './delete.ts'
import { enable } from './enable.ts'
import { expunge, uidExpunge } from './expunge.ts'
import { fetchCommand, uidFetch } from './fetch.ts'
import { id } from './id.ts'
import { idle } from './idle.ts'
import { listCommand, lsubCommand } from './list.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { getMetadata, setMetadata } from './metadata.ts'
import { namespace } from './namespace.ts'
import { check, noop } from './noop.ts'
import { getQuota, getQuotaRoot } from './quota.ts'
import { renameCommand } from './rename.ts'
import { searchCommand, uidSearch } from './search.ts'
import { examine, selectCommand } from './select.ts'
import { starttls } from './starttls.ts'
import { status } from './status.ts'
import { storeCommand, uidStore } from './store.ts'
import { subscribe, unsubscribe } from './subscribe.ts'

const all: readonly Command[] = [
  // Any state
  capability,
  noop,
  logout,
  id,
  // Before login
  starttls,
  authenticate,
  login,
  // Logged in
  enable,
  namespace,
  selectCommand,
  examine,
  createCommand,
  deleteCommand,
  renameCommand,
  subscribe,
  unsubscribe,
  listCommand,
  lsubCommand,
  status,
  appendCommand,
  idle,
  getQuota,
  getQuotaRoot,
  getMetadata,
  setMetadata,
  compress,
  // Mailbox selected
  check,
  close,
  unselect,
  expunge,
  uidExpunge,
  searchCommand,
  uidSearch,
  fetchCommand,
  uidFetch,
  storeCommand,
  uidStore,
  copy,
  uidCopy,
  move,
  uidMove,
]

export const commands: CommandTable = new Map(all.map((each) => [each.name, each]))
