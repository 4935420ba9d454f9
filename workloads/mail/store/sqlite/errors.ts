/** Why a store cannot be opened or used, in words for the operator; none of them names a user. */

import { exitCodes } from '../../../contract/exit-codes.ts'
import { StartError } from '../../../contract/start-error.ts'

/** Another process has the folder open. */
export class StoreLocked extends StartError {
  override name = 'StoreLocked'
  constructor(dir: string) {
    super(
      `the mail store in ${dir} is in use by another process: stop that one, or use another folder`,
      exitCodes.unavailable,
    )
  }
}

/** The database was written by a later version of this software. */
export class StoreTooNew extends StartError {
  override name = 'StoreTooNew'
  readonly versions: { found: number; known: number }
  constructor(found: number, known: number) {
    super(
      `the mail store has format ${found}, this version knows up to ${known}: use the version that wrote it, or later`,
      exitCodes.config,
    )
    this.versions = { found, known }
  }
}

/** The store was closed, or its writer has ended. */
export class StoreStopped extends Error {
  override name = 'StoreStopped'
  constructor() {
    super('the mail store is closed')
  }
}
