/** The command `operator`: looks after the ChatmailServers of a cluster until it is told to stop. */
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { Registry } from 'prom-client'
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import { KubeClient } from '../kube/client.ts'
import { resolveByDns } from '../reconcile/lookups.ts'
import { startOperator } from '../reconcile/operator.ts'
import type { ProveIroh, ProveRelay } from '../reconcile/proofs.ts'
import { readState } from '../reconcile/states.ts'
import type { Log } from '../runtime/log.ts'
import type { CommandContext } from './context.ts'

export type OperatorFlags = {
  image: string
  namespace: string[]
  leaderElectionNamespace?: string
  leaderElection: boolean
  listen: number
  kubeconfig?: string
  logLevel: string
}

/** What of the workloads the operator uses, handed in by the command table. */
export type OperatorParts = { proveRelay: ProveRelay; proveIroh: ProveIroh; log: Log }

const ownNamespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

const ownNamespace = (): string | null =>
  existsSync(ownNamespaceFile) ? readFileSync(ownNamespaceFile, 'utf8').trim() : null

const leaderNamespace = ({ leaderElection, leaderElectionNamespace }: OperatorFlags): string | null => {
  if (!leaderElection) return null
  const namespace = leaderElectionNamespace ?? ownNamespace()
  if (namespace) return namespace
  throw new StartError(
    'This process runs outside of a cluster: name the namespace of the Lease with --leader-election-namespace, or run alone with --no-leader-election.',
    exitCodes.usage,
  )
}

const connect = async (flags: OperatorFlags, metrics: Registry, log: Log): Promise<KubeClient> => {
  const client = KubeClient.fromConfig({
    ...(flags.kubeconfig ? { kubeconfig: flags.kubeconfig } : {}),
    metrics,
    userAgent: 'chatmail-operator',
    onWarning: (text) => log.warn({ warning: text }, 'the API server warns'),
  })
  const served = await client.kindsOf('chatmail.dev/v1alpha1').catch((error: Error) => {
    throw new StartError(`The API server cannot be reached: ${error.message}`, exitCodes.unavailable)
  })
  if (served.has('ChatmailServer')) return client
  throw new StartError(
    'The cluster does not know ChatmailServer yet. Apply its definition: kubectl apply --server-side -f crds/chatmail.dev_chatmailservers.yaml',
    exitCodes.unavailable,
  )
}

/**
 * How far the heap may grow beyond what was alive at the last collection, in percent. V8's own choice, up to four times,
 * holds on to what passes have long let go of: with it the operator takes half as much memory again.
 */
const heapGrowth = 40

/** Resolves to the exit code. @throws StartError */
export const runOperator = async (
  flags: OperatorFlags,
  context: CommandContext,
  { proveRelay, proveIroh, log }: OperatorParts,
): Promise<number> => {
  setFlagsFromString(`--heap-growing-percent=${heapGrowth}`)
  const metrics = new Registry()
  const namespace = leaderNamespace(flags)
  const client = await connect(flags, metrics, log)
  const operator = await startOperator({
    client,
    namespaces: flags.namespace,
    image: flags.image,
    port: flags.listen,
    leaderNamespace: namespace,
    identity: `${hostname()}_${randomUUID()}`,
    log,
    metrics,
    prove: proveRelay,
    proveIroh,
    readState,
    resolve: resolveByDns,
    random: randomBytes,
    now: Date.now,
  })
  log.info({ namespaces: flags.namespace.length ? flags.namespace : 'all' }, 'watching')
  context.onStop((immediate) => {
    if (immediate) process.exit(exitCodes.failed)
    void operator.stop()
  })
  const how = await operator.ended
  if (how === 'lost') return exitCodes.failed
  await operator.stop()
  await client.close()
  log.info({}, 'stopped')
  return exitCodes.ok
}
