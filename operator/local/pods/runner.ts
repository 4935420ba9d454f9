/** A little kubelet: makes the processes and files of this machine agree with rendered objects. */
import type { KubernetesObject } from '../../render/objects.ts'
import type { Layout } from '../data/layout.ts'
import { type KeptSecret, type PodPlan, planPods } from './plan.ts'
import { Pod, type PodEvent, type PodHost } from './pod.ts'
import { forgetPod, type Program, spawnPod } from './spawn.ts'

export type RunnerOptions = {
  layout: Layout
  program: Program
  kept: KeptSecret
  /** Where management ports listen. */
  probeHost: string
  now: () => number
  report: (event: PodEvent) => void
}

export class Runner {
  #options: RunnerOptions
  #host: PodHost
  #pods = new Map<string, Pod>()
  #stopped = false

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#host = {
      spawn: spawnPod(options.layout, options.program),
      forget: forgetPod(options.layout),
      probeHost: options.probeHost,
      now: options.now,
      report: options.report,
    }
  }

  /** Starts what is new, updates files in place, replaces what changed otherwise, stops what is no longer wanted. */
  async apply(objects: readonly KubernetesObject[]): Promise<void> {
    if (this.#stopped) return
    const plans = planPods(objects, this.#options.layout, this.#options.kept)
    const wanted = new Set(plans.map(({ name }) => name))
    await Promise.all([...this.#pods.keys()].filter((name) => !wanted.has(name)).map((name) => this.#remove(name)))
    await Promise.all(plans.map((plan) => this.#converge(plan)))
  }

  isReady(name: string): boolean {
    return this.#pods.get(name)?.state === 'ready'
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#pods.values()].map((pod) => pod.stop()))
  }

  /** Ends every process at once. */
  kill(): void {
    for (const pod of this.#pods.values()) pod.kill()
  }

  async #converge(plan: PodPlan): Promise<void> {
    const pod = this.#pods.get(plan.name)
    if (pod?.revision === plan.revision) return pod.update(plan)
    if (pod) await this.#remove(plan.name)
    if (this.#stopped) return
    const next = new Pod(plan, this.#host)
    this.#pods.set(plan.name, next)
    next.start()
  }

  async #remove(name: string): Promise<void> {
    await this.#pods.get(name)?.stop()
    this.#pods.delete(name)
  }
}
