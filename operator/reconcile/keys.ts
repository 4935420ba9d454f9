/**
 * The TURN keys: one step of the rotation a pass. The ring is written with the version that it was read in, so that a copy
 * that lags behind never puts an old ring over a new one.
 */
import type { Keyring } from '../../workloads/contract/keyring.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { digestOf } from '../../workloads/contract/state.ts'
import { names } from '../render/names.ts'
import { requestsIn, rotationPolicy } from '../turnkeys/policy.ts'
import type { Acknowledgements } from '../turnkeys/rotation.ts'
import { type KeysStep, stepKeys } from '../turnkeys/step.ts'
import type { Gathered } from './gather.ts'
import { isNodeReady } from './placement/nodes.ts'
import { type Pod, secretText } from './view.ts'

/**
 * Pods that have to have a key before it is used. One that does not run yet starts with the newest ring; one on a node that
 * has gone dark serves nobody whom the server tells of it, because a relay is told of only while it proves to work.
 */
const concerned = (pods: readonly Pod[], { nodes, states }: Gathered): Pod[] => {
  const dark = new Set(nodes.filter((node) => !isNodeReady(node)).map(({ metadata }) => metadata.name))
  return pods.filter(({ metadata, spec }) => states.has(metadata.uid!) && !dark.has(spec.nodeName ?? ''))
}

/**
 * Who has the ring of this text. By its digest: a ring that was made anew after its Secret was lost counts from one again, and
 * pods that still have the lost one would seem to be ahead of it.
 */
export const acknowledgements = (gathered: Gathered, { generation }: Keyring, text: string): Acknowledgements => {
  const digest = digestOf(text)
  const generationOf = ({ metadata }: Pod): number | null =>
    gathered.states.get(metadata.uid!)?.loaded[mountedFiles.keyring]?.digest === digest ? generation : null
  return {
    turn: concerned(gathered.turnPods, gathered).map(generationOf),
    mail: gathered.mailPods.filter(({ metadata }) => gathered.states.has(metadata.uid!)).map(generationOf),
  }
}

export const rotateKeys = (gathered: Gathered, random: (bytes: number) => Buffer): KeysStep => {
  const { server, object, live, now } = gathered
  return stepKeys({
    kept: secretText(live.get(`Secret/${names.keyring(server)}`), mountedFiles.keyring),
    policy: rotationPolicy(server, requestsIn(object.metadata.annotations)),
    acknowledgements: (ring, text) => acknowledgements(gathered, ring, text),
    now,
    random,
  })
}
