/** Whether real-time apps find their relay, and what keeps them from it. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { PodProblem } from './pod-problem.ts'
import type { Verdict } from './verdict.ts'

export type IrohSeen = {
  /** What is known of the relay behind the URL; null where it was not looked at. */
  proven: { state: 'untried' } | { state: 'works' } | { state: 'fails'; message: string } | null
  /** Whether clients have a URL to be told. */
  hasUrl: boolean
  /** Whether the pod is ready; of a relay that is run elsewhere, true. */
  ready: boolean
  problems: readonly PodProblem[]
  /** Why the API server does not let the pod be made. */
  refused: string | null
}

const no = (reason: Verdict<'IrohAvailable'>['reason'], message: string): Verdict<'IrohAvailable'> => ({
  status: 'False',
  reason,
  message,
})

const whose = ({ spec }: ChatmailServer): string =>
  spec.iroh.mode === 'External' ? 'The relay of spec.iroh.url' : 'The relay'

export const irohVerdict = (server: ChatmailServer, seen: IrohSeen): Verdict<'IrohAvailable'> => {
  if (server.spec.iroh.mode === 'Disabled')
    return no('Disabled', 'Real-time apps connect directly only, as spec.iroh.mode says; clients are told so.')
  if (seen.refused) return no('Forbidden', `The API server refuses the pod of the relay: ${seen.refused}`)
  const [problem] = seen.problems
  if (!seen.ready && problem) return no(problem.reason, problem.message)
  if (!seen.hasUrl)
    return no(
      'Unavailable',
      'None of the ports that clients could use is open: give spec.exposure.ports.https, or http where the certificate is self-signed.',
    )
  return byProof(server, seen)
}

const byProof = (server: ChatmailServer, { proven, ready }: IrohSeen): Verdict<'IrohAvailable'> => {
  if (!ready || !proven || proven.state === 'untried')
    return no('Starting', ready ? `${whose(server)} is being proved.` : 'The pod of the relay starts.')
  if (proven.state === 'works')
    return { status: 'True', reason: 'Available', message: `${whose(server)} works, and clients are told of it.` }
  return no(
    'ProofFailed',
    `${whose(server)} is not told to clients, because a test through it fails: ${proven.message}`,
  )
}
