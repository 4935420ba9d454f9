{{/* Everything that the operator may do. A test compares these with the requests that it really makes. */}}

{{/* Where ChatmailServers are: in each watched namespace, or in all. */}}
{{- define "chatmail-operator.rules.servers" -}}
- apiGroups: [chatmail.dev]
  resources: [chatmailservers]
  verbs: [get, list, watch]
- apiGroups: [chatmail.dev]
  resources: [chatmailservers/status]
  verbs: [get, patch]
- apiGroups: ['']
  resources: [configmaps, secrets, services, serviceaccounts, persistentvolumeclaims]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: ['']
  resources: [pods]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [podmonitors, prometheusrules]
  verbs: [get, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/*
What belongs to no namespace: where TURN can run, under which address, and whether a namespace allows it. The last two say
which addresses are the cluster's own, so that no relay sends there; the slice is the one of the API server, in `default`.
*/}}
{{- define "chatmail-operator.rules.cluster" -}}
- apiGroups: ['']
  resources: [nodes]
  verbs: [get, list, watch]
- apiGroups: ['']
  resources: [namespaces]
  verbs: [get]
- apiGroups: [networking.k8s.io]
  resources: [servicecidrs]
  verbs: [list]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  resourceNames: [kubernetes]
  verbs: [get]
{{- end -}}

{{/* In the operator's own namespace: the lease of the leader. RBAC cannot bind `create` to a name. */}}
{{- define "chatmail-operator.rules.leader" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [chatmail-operator]
  verbs: [get, update, patch]
{{- end -}}
