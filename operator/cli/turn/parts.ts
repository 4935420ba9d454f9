/** The parts of the TURN workload that the tools use, loaded when they are used. */
export const parts = {
  checks: () => import('../../../workloads/turn/client/checks.ts'),
  advice: () => import('../../../workloads/turn/client/advice.ts'),
  link: () => import('../../../workloads/turn/client/account-link.ts'),
  account: () => import('../../../workloads/turn/client/account-credential.ts'),
  load: () => import('../../../workloads/turn/client/load.ts'),
  decode: () => import('../../../workloads/turn/client/decode.ts'),
  page: () => import('../../../workloads/turn/client/page/serve.ts'),
}

/** What a part exports. */
export type Part<Name extends keyof typeof parts> = Awaited<ReturnType<(typeof parts)[Name]>>
