/** A client whose process ends after so many writes: what it asks for then is never sent. */
import type { KubeClient } from '../../../operator/kube/client.ts'
import { writeCalls } from './writes.ts'

export type Mortal = {
  client: KubeClient
  /** Resolves at its death. */
  dead: Promise<void>
  /** Writes that were sent. */
  count: () => number
}

/** @param lifetime the number of writes that it makes */
export const mortalClient = (client: KubeClient, lifetime: number): Mortal => {
  let made = 0
  const death = Promise.withResolvers<void>()
  const mortal = new Proxy(client, {
    get: (target, name) => {
      const member = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...words: unknown[]) => {
        if (writeCalls.has(name) && made++ >= lifetime) death.resolve()
        if (made > lifetime) return name === 'watch' ? member.apply(target, words) : Promise.reject(new Error('dead'))
        return member.apply(target, words)
      }
    },
  })
  return { client: mortal, dead: death.promise, count: () => Math.min(made, lifetime) }
}
