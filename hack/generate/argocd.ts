/** The part of Argo CD's own configuration that tells it the health of a ChatmailServer. */
import { stringify } from 'yaml'
import { group, kind } from '../../operator/api/chatmail-server.ts'

/** @param health Text of the Lua script */
export const argocdConfig = (health: string): string =>
  stringify(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'argocd-cm',
        namespace: 'argocd',
        labels: { 'app.kubernetes.io/name': 'argocd-cm', 'app.kubernetes.io/part-of': 'argocd' },
      },
      data: { [`resource.customizations.health.${group}_${kind}`]: health },
    },
    { lineWidth: 0 },
  )
