// Who may import whom. The pure folders decide or describe and touch nothing; what serves users and what decides
// meet only in workloads/contract.
const pure = '^operator/(api|render|turnkeys|status)/'
const notTest = '\\.test\\.ts$'

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'workloads-never-decide',
      comment: 'A workload is told what to do by mounted files; it knows nothing of the operator.',
      severity: 'error',
      from: { path: '^workloads/' },
      to: { path: '^operator/' },
    },
    {
      name: 'workloads-stay-apart',
      comment: 'mail, turn and iroh share contract and kit and nothing else.',
      severity: 'error',
      from: { path: '^workloads/([^/]+)/' },
      to: { path: '^workloads/', pathNot: '^workloads/($1|contract|kit)/' },
    },
    {
      name: 'kit-and-contract-know-no-workload',
      severity: 'error',
      from: { path: '^workloads/(contract|kit)/' },
      to: { path: '^workloads/(mail|turn|iroh)/' },
    },
    {
      name: 'operator-meets-workloads-in-the-contract',
      comment: 'A part is started by dynamic import from the command table alone.',
      severity: 'error',
      from: { path: '^operator/', pathNot: notTest },
      to: { path: '^workloads/', pathNot: '^workloads/contract/', dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'only-the-command-table-loads-parts',
      severity: 'error',
      from: { path: '^operator/', pathNot: '^operator/cli/' },
      to: { path: '^workloads/(mail|turn|iroh|kit)/', dependencyTypes: ['dynamic-import'] },
    },
    {
      name: 'pure-folders-import-pure-things',
      comment: 'api, render, turnkeys and status: no clock, no socket, no file.',
      severity: 'error',
      from: { path: pure, pathNot: notTest },
      to: { pathNot: `${pure}|^workloads/contract/|^node_modules/zod/|^crypto$|^node:crypto$` },
    },
    {
      name: 'contract-is-pure',
      severity: 'error',
      from: { path: '^workloads/contract/', pathNot: notTest },
      to: { pathNot: '^workloads/contract/|^node_modules/zod/|^crypto$|^node:crypto$' },
    },
    {
      name: 'api-stands-alone',
      severity: 'error',
      from: { path: '^operator/api/', pathNot: notTest },
      to: { path: '^operator/', pathNot: '^operator/api/' },
    },
    {
      name: 'kube-and-runtime-know-no-chatmail',
      severity: 'error',
      from: { path: '^operator/(kube|runtime)/', pathNot: notTest },
      to: { path: '^(operator|workloads)/', pathNot: '^operator/(kube|runtime)/' },
    },
    {
      name: 'production-needs-no-dev-dependency',
      severity: 'error',
      from: { path: '^(operator|workloads)/', pathNot: notTest },
      to: { dependencyTypes: ['npm-dev'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^node:' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // TypeScript 7 has no parser API that this tool could use.
    parser: 'swc',
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
