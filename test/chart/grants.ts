/** What the roles of the chart allow. */
import type { Manifest } from '../../hack/generate/install.ts'
import { ofKind } from './chart.ts'

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }
export type Role = Manifest & { rules: Rule[] }

export const rolesOf = (objects: readonly Manifest[], kind: 'Role' | 'ClusterRole') => ofKind(objects, kind) as Role[]
export const isForUsers = ({ metadata }: Role): boolean =>
  Object.keys((metadata.labels ?? {}) as object).some((label) => label.includes('aggregate-to'))
/** What the operator has, not what it gives to people. */
export const operatorRoles = (objects: readonly Manifest[]) => [
  ...rolesOf(objects, 'ClusterRole').filter((role) => !isForUsers(role)),
  ...rolesOf(objects, 'Role'),
]

/** What a role grants, a line for each verb on each resource. */
export const grants = (role: Role): string[] =>
  role.rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => [verb, group ? `${resource}.${group}` : resource, ...resourceNames].join(' ')),
      ),
    ),
  )
