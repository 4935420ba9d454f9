/**
 * One connection: reads commands, runs them one after the other in the order they came, writes their replies. What a
 * client sends ahead (pipelining) waits in the framing, which stops reading from the socket when it holds enough.
 */
import type { Socket } from 'node:net'
import { type FrameLimits, Framing, type Step } from '../wire/framing.ts'
import { Inflater } from '../wire/inflater.ts'
import { Output } from '../wire/output.ts'
import { startTls } from '../wire/starttls.ts'
import { capabilities } from './capabilities.ts'
import type { Command, Continuation, Outcome } from './command.ts'
import { type CommandTable, readCommand, tagOf } from './dispatch.ts'
import { failure } from './failures.ts'
import { badCommands } from './limits.ts'
import { bad, literalTooBig, replyLine } from './reply.ts'
import type { Services } from './services.ts'
import { Session } from './session.ts'
import { writeUpdates } from './updates.ts'
import { Watchdog } from './watchdog.ts'

export class Connection {
  readonly session: Session
  #services: Services
  #table: CommandTable
  #socket: Socket
  #output: Output
  #framing = new Framing()
  #inflater: Inflater | null = null
  #watchdog: Watchdog
  /** The running or continued command and its tag. */
  #command: Command | null = null
  #tag = ''
  #continuation: Continuation | null = null
  #busy = false
  #ending = false
  #closed = false
  #called = false
  #badInRow = 0
  #onClose: (connection: Connection) => void

  constructor(
    socket: Socket,
    secure: boolean,
    services: Services,
    table: CommandTable,
    onClose: (connection: Connection) => void,
  ) {
    this.#services = services
    this.#table = table
    this.#socket = socket
    this.#output = new Output(socket)
    this.#onClose = onClose
    this.session = new Session(services, this.#output, secure)
    this.#watchdog = new Watchdog(services.clock())
    this.#listen(socket)
    this.#output.line(`* OK [CAPABILITY ${capabilities(this.session)}] IMAP server ready`)
    this.#output.flush()
  }

  /** Called now and then: keep-alives and time-outs. */
  tick(now: number): void {
    const verdict = this.#ending ? null : this.#watchdog.look(now, this.session, this.#socket, this.#busy)
    if (this.#ending) this.#lastCall()
    else if (verdict === 'destroy') this.#socket.destroy()
    else if (verdict) this.stop(verdict)
    else if (!this.#busy) this.#output.flush()
  }

  /** A client that was told BYE has a whole tick to read it. */
  #lastCall(): void {
    if (this.#called) this.#socket.destroy()
    this.#called = true
  }

  /** Says BYE and ends, also in the middle of a command. */
  stop(text: string): void {
    if (this.#closed) return
    this.session.bye(text)
    this.#end()
  }

  /** Resolves when the connection is gone. */
  closed(): Promise<unknown> {
    return this.#closed ? Promise.resolve() : new Promise((resolve) => this.#socket.once('close', resolve))
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #listen(socket: Socket): void {
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 120_000)
    // After STARTTLS the plain socket is no longer the one to listen to.
    const current = (handle: () => void) => () => {
      if (socket === this.#socket) handle()
    }
    socket.on('data', (chunk) => (this.#inflater ? this.#inflater.write(chunk) : this.#received(chunk)))
    socket.on(
      'drain',
      current(() => this.#drained()),
    )
    socket.on('error', () => socket.destroy())
    socket.on(
      'close',
      current(() => this.#close()),
    )
    if (socket.destroyed) setImmediate(() => this.#close())
  }

  #received(chunk: Buffer): void {
    if (this.#ending) return
    this.#watchdog.heard(this.#services.clock())
    this.#framing.push(chunk)
    if (!this.#busy) this.#pump()
    else this.#regulate()
  }

  #drained(): void {
    this.#output.wake()
    if (!this.#busy) this.#pump()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#ending = true
    this.#framing.clear()
    this.#inflater?.close()
    this.#output.wake()
    if (!this.#busy) this.session.dispose()
    this.#onClose(this)
  }

  #pump(): void {
    while (!this.#busy && !this.#ending && !this.#output.blocked) {
      if (!(this.#continuation ? this.#takeLine(this.#continuation) : this.#takeStep())) break
      if (this.#output.full) this.#output.flush()
    }
    if (!this.#busy) this.#output.flush()
    this.#regulate()
  }

  /** Stops and resumes reading as the framing fills and empties. */
  #regulate(): void {
    const full = (this.#busy || this.#output.blocked) && this.#framing.full
    const source = this.#inflater ?? this.#socket
    if (full !== source.isPaused() && !this.#ending) full ? source.pause() : source.resume()
  }

  get #limits(): FrameLimits {
    const { beforeLogin, afterLogin } = this.#services.input
    return this.session.account ? afterLogin : beforeLogin
  }

  #takeLine(continuation: Continuation): boolean {
    const line = this.#framing.line(this.#limits.line)
    if (line === null) return false
    if (line === 'endless') return this.#step({ kind: 'endless' })
    this.#continuation = null
    this.#run(() => continuation.next(this.session, line))
    return true
  }

  #takeStep(): boolean {
    const step = this.#framing.next(this.#limits)
    return step !== null && this.#step(step)
  }

  #step(step: Step): boolean {
    if (step.kind === 'continue') this.#output.line('+ OK')
    else if (step.kind === 'endless') this.#badInput('line', () => this.stop('Line too long'))
    else if (step.kind === 'oversized')
      this.#badInput('literal', () => this.#output.line(replyLine(tagOf(step.firstLine), literalTooBig)))
    else this.#start(readCommand(this.#table, step.frame, this.session))
    return true
  }

  #badInput(kind: string, answer: () => void): void {
    this.#services.counters.badInput.inc({ kind })
    answer()
  }

  #start(read: ReturnType<typeof readCommand>): void {
    this.#tag = read.tag
    this.#command = read.command
    if ('problem' in read) this.#settle(bad(read.problem))
    else this.#run(() => read.command.run(this.session, read.args))
  }

  /** Runs a step of the command; synchronous ones without a promise, as most are on the hot path. */
  #run(step: () => Outcome | Promise<Outcome>): void {
    let outcome: Outcome | Promise<Outcome>
    try {
      outcome = step()
    } catch (error) {
      outcome = this.#failed(error)
    }
    if (outcome instanceof Promise) this.#await(outcome)
    else this.#settle(outcome)
  }

  #await(outcome: Promise<Outcome>): void {
    this.#busy = true
    outcome.then(
      (value) => this.#resume(value),
      (error) => this.#resume(this.#failed(error)),
    )
  }

  #resume(outcome: Outcome): void {
    this.#busy = false
    if (this.#ending) this.session.dispose()
    else {
      this.#settle(outcome)
      this.#pump()
    }
  }

  #failed(error: unknown): Outcome {
    return failure(error, this.#command?.name, this.#services.log)
  }

  #settle(outcome: Outcome): void {
    if ('prompt' in outcome) {
      this.#continuation = outcome
      this.#output.line(outcome.prompt)
      if (this.session.idling) writeUpdates(this.session, 'all')
      return
    }
    if (this.#command) {
      writeUpdates(this.session, this.#command.updates ?? 'all')
      this.#services.counters.commands.inc({ command: this.#command.name, status: outcome.status })
    }
    this.#output.line(replyLine(this.#tag, outcome))
    this.#countBad(outcome.status === 'BAD')
    this.#follow()
  }

  #countBad(isBad: boolean): void {
    this.#badInRow = isBad ? this.#badInRow + 1 : 0
    if (isBad) this.#services.counters.badInput.inc({ kind: 'command' })
    if (this.#badInRow >= badCommands(this.session.account !== null)) this.session.bye('Too many bad commands')
  }

  /** What the command asked for beyond its reply. */
  #follow(): void {
    const { after } = this.session
    if (after === 'none') return
    if (after !== 'end') this.session.after = 'none'
    this.#output.flush()
    if (after === 'end') this.#end()
    else if (after === 'starttls') this.#secure()
    else this.#compress()
  }

  #end(): void {
    if (this.#ending) return
    this.#ending = true
    this.#framing.clear()
    this.#output.end()
    if (!this.#busy) this.session.dispose()
  }

  #secure(): void {
    this.#framing.clear()
    const plain = this.#socket
    this.#socket = startTls(plain, this.#services.secureContext())
    this.#output.attach(this.#socket)
    this.session.secure = true
    this.#listen(this.#socket)
  }

  #compress(): void {
    this.#output.deflated = true
    this.#inflater = new Inflater(this.#socket, (chunk) => this.#received(chunk))
    for (const chunk of this.#framing.takeAll()) this.#inflater.write(chunk)
  }
}
