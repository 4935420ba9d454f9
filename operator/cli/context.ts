/** What a command may use of the process that it runs in. */
export type CommandContext = {
  pid: number
  /** The words that start this program: Node and the main file. */
  command: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  /** Calls back on each request to stop: first in order, then at once. Signals end the process until this is called. */
  onStop: (listener: (immediate: boolean) => void) => void
  /** Calls back when this process ends, for whatever reason it can still notice. */
  onExit: (listener: () => void) => void
}
