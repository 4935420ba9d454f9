/** The one server that runs at a time, so that an interrupt ends it as well. */

export class Running<Target extends { stop: () => Promise<void> }> {
  #target: Promise<Target> | null = null
  #stopped: Promise<void> | null = null
  #ended = false

  /** Starts the server, lets it be used and stops it, whatever comes. */
  async with<T>(start: () => Promise<Target>, use: (target: Target) => Promise<T>): Promise<T> {
    this.#target = start()
    this.#stopped = null
    try {
      return await use(await this.#target)
    } finally {
      await this.#stop()
      // What the load saw of an interrupt is no result; the process is about to end.
      if (this.#ended) await new Promise(() => {})
    }
  }

  /** Stops what runs, also what is just starting. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#stop()
  }

  #stop(): Promise<void> {
    this.#stopped ??= (this.#target ?? Promise.reject()).then(
      (target) => target.stop(),
      () => {},
    )
    return this.#stopped
  }
}
