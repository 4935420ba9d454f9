/** Binding listeners, with an error that says what was to be bound. */
import type { Server } from 'node:net'
import { exitCodes } from '../../contract/exit-codes.ts'
import { StartError } from '../../contract/start-error.ts'

/** A port that could not be had. */
export class ListenError extends StartError {
  override name = 'ListenError'
  constructor(message: string) {
    super(message, exitCodes.unavailable)
  }
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'it is taken by another process',
  EACCES: 'ports below 1024 need a privilege that this process does not have',
  EADDRNOTAVAIL: 'the listen address is not one of this machine',
}

/** What went wrong when binding, in words. `purpose` is the listener's name in the configuration. */
export const listenError = (purpose: string, port: number, error: NodeJS.ErrnoException): ListenError =>
  new ListenError(
    `cannot listen on port ${port} for ${purpose}: ${reasons[error.code ?? ''] ?? error.code ?? 'it failed'}`,
  )

/**
 * Resolves once `server` listens. Errors after that are single connections that could not be taken, as when descriptors
 * run out: they pass. @throws ListenError
 */
export const listen = (server: Server, purpose: string, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenError(purpose, port, error))
    server.once('error', failed)
    server.listen({ port, host, backlog: 1024 }, () => {
      server.off('error', failed).on('error', () => {})
      resolve()
    })
  })
