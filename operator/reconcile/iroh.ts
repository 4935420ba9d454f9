/**
 * The relay for real-time apps: what clients reach it by, and whether they are told. Only what works is told: two temporary
 * endpoints exchange a datagram through the public URL, again and again.
 */
import type { Facts } from '../render/facts.ts'
import { insideTheCluster, irohUrl } from '../render/iroh/reach.ts'
import { names } from '../render/names.ts'
import type { IrohSeen } from '../status/iroh.ts'
import { refusal, type WorkloadLike } from '../status/mail.ts'
import { podProblem } from '../status/pod-problem.ts'
import type { Gathered } from './gather.ts'
import type { IrohTarget, Proofs, Proven } from './proofs.ts'
import { ownerOf, toldNow } from './told.ts'
import { isPodReady, isTerminating } from './view.ts'

export type IrohStep = {
  /** What clients are told. */
  url: string | null
  seen: IrohSeen
}

/** `facts` are those of this pass, but for the URL that this is about. */
export const findIroh = (gathered: Gathered, facts: Facts, proofs: Proofs<IrohTarget>): IrohStep => {
  const { server, live, irohPods } = gathered
  const staying = irohPods.filter((pod) => !isTerminating(pod))
  const ready = server.spec.iroh.mode !== 'Managed' || staying.some(isPodReady)
  const url = irohUrl(server, facts)
  const tried = ready ? url : null
  const owner = ownerOf(gathered)
  const target = tried === null ? null : { url: tried, via: insideTheCluster(server, facts) }
  const proven: Proven | null = target && proofs.of(owner, target.url, target, toldNow(gathered).iroh === tried)
  proofs.keepOnly(owner, new Set(tried ? [tried] : []))
  return {
    url: proven?.state === 'works' ? tried : null,
    seen: {
      proven,
      hasUrl: url !== null,
      ready,
      problems: staying.flatMap((pod) => podProblem(pod) ?? []),
      refused: refusal(live.get(`Deployment/${names.iroh(server)}`) as WorkloadLike | undefined),
    },
  }
}
