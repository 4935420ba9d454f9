/**
 * One pass over one server: gather → admit → keys → certificate → relays → iroh → render → apply → prune → poke → observe →
 * publish. Each step has a file of its name; whatever happens, the status is published once at the end.
 */
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { problemLine } from '../../workloads/contract/problems.ts'
import { type ChatmailServer, parseStoredServer } from '../api/chatmail-server.ts'
import { isConflict } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Facts } from '../render/facts.ts'
import { relaysText } from '../render/files.ts'
import { render } from '../render/index.ts'
import { namesToLookUp } from '../status/dns.ts'
import { noAddressMessage, noNodeMessage } from '../status/turn.ts'
import { UnreadableKeyring, wakeAfter } from '../turnkeys/step.ts'
import { admit } from './admit.ts'
import { applyAll } from './apply.ts'
import { takeCertificate } from './certificate.ts'
import { factsOf } from './facts.ts'
import { type Gathered, gather, type Sources } from './gather.ts'
import { findIroh } from './iroh.ts'
import { rotateKeys } from './keys.ts'
import type { Lookups } from './lookups.ts'
import { type Decisions, type Observed, observe } from './observe.ts'
import type { Outcome, Problem } from './outcome.ts'
import { poke } from './poke.ts'
import type { IrohTarget, Proofs } from './proofs.ts'
import { prune } from './prune.ts'
import { publish, type Record } from './publish.ts'
import { findRelays, type RelaysStep } from './relays.ts'
import { mailView, releasable, toReplace, waitingNodes } from './rollout.ts'
import { wireForm } from './wire.ts'

export type Operator = Sources & {
  /** Image of workloads where the resource names none. */
  image: string
  random: (bytes: number) => Buffer
  proofs: Proofs
  irohProofs: Proofs<IrohTarget>
  lookups: Lookups
  record: Record
  /** Uid of a server → passes in a row that failed. */
  failures: Map<string, number>
}

type Pass = { outcome: Outcome; observed: Observed | null; problem: Problem | null; wakeMs: number | null }

const tokenBytes = 32
/** While pods are asked for what they have loaded, which nothing announces. */
const pollMs = 1000

const nothing = (outcome: Outcome): Pass => ({ outcome, observed: null, problem: null, wakeMs: null })

const relayProblem = (gathered: Gathered, { relays, withoutAddress }: RelaysStep): Problem | null => {
  if (!gathered.server.spec.turn.enabled || relays.length > 0) return null
  return withoutAddress.length
    ? { reason: 'NoPublicAddress', message: noAddressMessage(withoutAddress) }
    : { reason: 'NoNode', message: noNodeMessage(gathered.server) }
}

const decide = (
  operator: Operator,
  gathered: Gathered,
): Omit<Decisions, 'facts' | 'problem'> & { facts: (withdrawn: ReadonlySet<string>) => Facts } => {
  const keys = rotateKeys(gathered, operator.random)
  const certificate = takeCertificate(gathered, operator.random)
  const relays = findRelays(gathered, keys.rotation.ring, operator.proofs)
  const managementToken = gathered.managementToken ?? operator.random(tokenBytes).toString('hex')
  const base = { image: operator.image, certificate: certificate.certificate, keyring: keys.text, managementToken }
  const factsWithout = (withdrawn: ReadonlySet<string>): Facts =>
    factsOf(gathered, { ...base, relays: relays.relays, withdrawn })
  const iroh = findIroh(gathered, factsWithout(new Set()), operator.irohProofs)
  return {
    keys,
    certificate,
    relays,
    iroh,
    facts: (withdrawn) => ({ ...factsWithout(withdrawn), irohUrl: iroh.url }),
  }
}

const found = async (operator: Operator, server: ChatmailServer): Promise<Map<string, string[]>> =>
  new Map(
    await Promise.all(
      namesToLookUp(server).map(
        async (name): Promise<[string, string[]]> => [name, await operator.lookups.addresses(name)],
      ),
    ),
  )

/** A relay that comes or is being replaced: what is proved, or a pod that starts, has the server looked at again by itself. */
const comingMs = 30_000

const comingRelay = ({ relays }: RelaysStep): string | null => {
  const coming = relays.find(({ state, leaving }) => !leaving && (state === 'Starting' || state === 'Draining'))
  return coming ? `The relay${coming.nodeName ? ` on ${coming.nodeName}` : ''}: ${coming.reason}` : null
}

const outcomeOf = (held: readonly string[], waitsForPods: boolean, coming: string | null): Outcome => {
  const [first] = held
  if (first)
    return {
      kind: 'wait',
      ms: pollMs,
      why: `The relay on ${first} is next: it is replaced once the others work and clients are told of it no more.`,
    }
  if (waitsForPods) return { kind: 'wait', ms: pollMs, why: 'Waiting for pods to load what has changed.' }
  return coming ? { kind: 'wait', ms: comingMs, why: coming } : { kind: 'done' }
}

const bringAbout = async (operator: Operator, gathered: Gathered, admitted: Problem | null): Promise<Pass> => {
  const { client } = operator
  const { server, object } = gathered
  const decided = decide(operator, gathered)
  const wire = (facts: Facts): KubeObject[] =>
    render(server, facts).map((each) => wireForm(server, object.metadata.uid!, each))
  const undisturbed = decided.facts(new Set())
  const asMeant = wire(undisturbed)
  const replacing = toReplace(gathered, decided.relays.relays, asMeant)
  // Nearly always nothing is replaced, and what was rendered to find that out is what is desired.
  const facts = replacing.size ? decided.facts(replacing) : undisturbed
  const desired = replacing.size ? wire(facts) : asMeant
  const view = mailView(gathered, relaysText(server, facts))
  const known = view === 'knows'
  const { now, held } = releasable(gathered, decided.relays.relays, replacing, view, desired)
  const applied = await applyAll(operator, gathered, now)
  const pruned = await prune(client, gathered, desired, known)
  await poke(client, gathered, desired)
  const problem = applied.problem ?? admitted ?? relayProblem(gathered, decided.relays)
  const decisions: Decisions = { ...decided, facts, problem }
  const waiting = waitingNodes([...held, ...pruned.waiting], decided.relays.relays)
  return {
    outcome: outcomeOf(waiting, !known, comingRelay(decided.relays)),
    observed: observe(gathered, decisions, await found(operator, server)),
    problem,
    wakeMs: wakeAfter(decided.keys.rotation, gathered.now, pollMs),
  }
}

const pass = async (operator: Operator, object: KubeObject): Promise<Pass> => {
  const parsed = parseStoredServer(object)
  if (!parsed.ok)
    return nothing({
      kind: 'stall',
      problem: { reason: 'SpecInvalid', message: parsed.problems.map(problemLine).join('; ') },
    })
  const { server } = parsed
  if (server.spec.paused) return nothing({ kind: 'paused' })
  const gathered = await gather(server, object, operator)
  const admission = admit(gathered)
  if (admission.refused) return nothing({ kind: 'stall', problem: admission.refused })
  return bringAbout(operator, gathered, admission.problem)
}

const unreadable = (object: KubeObject): Problem => ({
  reason: 'KeyringUnreadable',
  message: `The Secret ${object.metadata.name}-turn-keyring holds no valid ${mountedFiles.keyring}. Put it back, or delete that Secret: a new key is made, and clients get it at their next login.`,
})

/** A failed call is tried again; a ring that nobody can read waits for a person. */
const failed = (object: KubeObject, error: unknown): Pass =>
  error instanceof UnreadableKeyring
    ? nothing({ kind: 'stall', problem: unreadable(object) })
    : nothing({ kind: 'retry', error: error instanceof Error ? error : new Error(String(error)) })

const endingOf = (outcome: Outcome) => {
  if (outcome.kind === 'stall') return { kind: 'stall' as const, ...outcome.problem }
  if (outcome.kind === 'retry') return { kind: 'retry' as const, message: `Trying again: ${outcome.error.message}` }
  return outcome
}

/** A call that fails now and then is no news: only a pass that has failed this often in a row is told. */
const failuresToTell = 3

/** Counts passes in a row that failed; true when this one is not worth telling. */
const isBlip = ({ failures }: Operator, { metadata }: KubeObject, outcome: Outcome): boolean => {
  const key = metadata.uid!
  if (outcome.kind !== 'retry') {
    failures.delete(key)
    return false
  }
  const count = (failures.get(key) ?? 0) + 1
  failures.set(key, count)
  return isConflict(outcome.error) || count < failuresToTell
}

/** Brings one server about and tells how it is. @throws ApiError when the status cannot be written */
export const reconcile = async (operator: Operator, object: KubeObject): Promise<Pass> => {
  const done = await pass(operator, object).catch((error) => failed(object, error))
  if (isBlip(operator, object, done.outcome)) return done
  const { observed, problem } = done
  await publish(
    operator,
    object,
    { ending: endingOf(done.outcome), observed, problem, now: operator.now() },
    operator.record,
  )
  return done
}
