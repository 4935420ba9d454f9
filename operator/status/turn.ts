/** Whether a relay is told to clients, and what keeps the others from it. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { PodProblem } from './pod-problem.ts'
import type { Verdict } from './verdict.ts'

export type RelayLike = {
  nodeName: string | null
  state: 'Starting' | 'Ready' | 'Draining' | 'Unreachable'
  reason: string | null
  /** True for one that goes on only until another has taken its place. */
  leaving?: boolean
}

export type TurnSeen = {
  relays: readonly RelayLike[]
  /** Relays that clients are told of. */
  told: number
  /** Nodes that were chosen and have no address for clients. */
  withoutAddress: readonly string[]
  /** Nodes fewer than asked for. */
  missing: number
  /** What is wrong with pods. */
  problems: readonly PodProblem[]
  /** Why the API server does not let pods be made. */
  refused: string | null
  hostNetworkForbidden: string | null
}

const no = (reason: Verdict<'TurnAvailable'>['reason'], message: string): Verdict<'TurnAvailable'> => ({
  status: 'False',
  reason,
  message,
})

export const noAddressMessage = (nodes: readonly string[]): string => {
  const [node = ''] = nodes
  return `No address for clients is known of ${nodes.length === 1 ? `the node ${node}` : `${nodes.length} nodes, such as ${node}`}. Say it: kubectl annotate node ${node} chatmail.dev/public-address=ADDRESS, or list addresses in spec.turn.publicAddress.addresses with source Static.`
}

export const noNodeMessage = ({ spec }: ChatmailServer): string => {
  const selector = Object.entries(spec.turn.nodeSelector).map(([key, value]) => `${key}=${value}`)
  return selector.length
    ? `No node that takes pods has the labels of spec.turn.nodeSelector (${selector.join(', ')}). Label one: kubectl label node NODE ${selector.join(' ')}`
    : 'No node takes TURN pods: all are not ready, cordoned or tainted. Set spec.turn.tolerations for tainted ones.'
}

const short = (server: ChatmailServer, { withoutAddress, missing, relays }: TurnSeen): string => {
  if (withoutAddress.length) return ` ${noAddressMessage(withoutAddress)}`
  if (missing === server.spec.turn.replicas) return ` ${noNodeMessage(server)}`
  if (missing > 0) return ` ${missing} of ${server.spec.turn.replicas} find no node.`
  const other = relays.find(({ state, leaving }) => state !== 'Ready' && !leaving)
  return other ? ` ${other.nodeName ?? 'Another'}: ${other.reason ?? other.state}` : ''
}

const working = (server: ChatmailServer, seen: TurnSeen): Verdict<'TurnAvailable'> => {
  const { replicas } = server.spec.turn
  const ready = seen.relays.filter(({ state }) => state === 'Ready')
  const leaving = ready.filter((relay) => relay.leaving).length
  const others = leaving === 1 ? '; another goes on until then' : `; ${leaving} others go on until then`
  const works = ready.length - leaving
  const message = `${works} of ${replicas} relays work${leaving ? others : ''}.${short(server, seen)}`
  return { status: 'True', reason: works < replicas ? 'PartlyAvailable' : 'Available', message }
}

export const turnVerdict = (server: ChatmailServer, seen: TurnSeen): Verdict<'TurnAvailable'> => {
  if (!server.spec.turn.enabled)
    return no('Disabled', 'Calls are direct only, as spec.turn.enabled says; clients are told so.')
  if (seen.told > 0) return working(server, seen)
  if (seen.hostNetworkForbidden) return no('NamespaceForbidsHostNetwork', seen.hostNetworkForbidden)
  if (seen.relays.length === 0 && seen.withoutAddress.length)
    return no('NoPublicAddress', noAddressMessage(seen.withoutAddress))
  if (seen.relays.length === 0) return no('NoNode', noNodeMessage(server))
  if (seen.refused) return no('Forbidden', `The API server refuses the TURN pod: ${seen.refused}`)
  const [problem] = seen.problems
  if (problem) return no(problem.reason, problem.message)
  return byState(seen.relays)
}

const byState = (relays: readonly RelayLike[]): Verdict<'TurnAvailable'> => {
  const unreachable = relays.find(({ state }) => state === 'Unreachable')
  if (unreachable)
    return no(
      'ProofFailed',
      `The relay${unreachable.nodeName ? ` on ${unreachable.nodeName}` : ''} runs, but a test call through it fails: ${unreachable.reason}`,
    )
  if (relays.some(({ state }) => state === 'Draining'))
    return no('Draining', 'The relay is being replaced; calls that run go on.')
  return no('Starting', relays[0]?.reason ?? 'The relay starts.')
}
