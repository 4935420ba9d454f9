/** Why a command or a workload cannot start, in words that a person can act on, and the exit code that says what would help. */
export class StartError extends Error {
  override name = 'StartError'
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}
