/**
 * As first process of a container this program would ignore a signal that nobody handles yet, and a pod that is told to stop
 * while it starts would hold its ports until it is killed. So it ends, as any other process does, until somebody handles
 * signals. Imported before everything else, because loading the rest takes a moment.
 */
const numbers = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 } as const

for (const signal of Object.keys(numbers) as (keyof typeof numbers)[])
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(128 + numbers[signal])
  })
