/** The words that start coturn. */
import { exitCodes } from '../../contract/exit-codes.ts'
import { StartError } from '../../contract/start-error.ts'
import { findProgram } from '../../kit/programs/find.ts'
import { coturnFiles } from './settings.ts'

/** Where it writes: coturn tells addresses and user names in nearly every line, so that with No-Log it writes nowhere. */
const logging = (noLog: boolean): string[] =>
  noLog ? ['--log-file=/dev/null', '--no-stdout-log', '--simple-log'] : ['--log-file=stdout', '--simple-log']

/**
 * The command and its words. `setpriv` has the kernel end coturn with this process, even by SIGKILL; in a container, where
 * there is none, the container's end does that. @throws StartError where there is no coturn
 */
export const coturnCommand = (searchPath: string, noLog: boolean): [string, ...string[]] => {
  const turnserver = findProgram('turnserver', searchPath)
  if (!turnserver)
    throw new StartError(
      'turn.engine Coturn: turnserver is not on the PATH; install it (Debian: apt-get install coturn), or use an image that has it',
      exitCodes.unavailable,
    )
  const setpriv = findProgram('setpriv', searchPath)
  const words = [turnserver, '-c', coturnFiles.settings, ...logging(noLog)]
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', ...words] : (words as [string, ...string[]])
}
