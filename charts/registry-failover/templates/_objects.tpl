{{/* Labels of an object. Call with (list $ "component"). */}}
{{- define "registry-failover.labels" -}}
app.kubernetes.io/part-of: registry-failover
app.kubernetes.io/name: registry-failover
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end }}

{{/* What selects a workload's pods, which never changes. Call with the component. */}}
{{- define "registry-failover.selector" -}}
app.kubernetes.io/name: registry-failover
app.kubernetes.io/component: {{ . }}
{{- end }}

{{/* Labels of a workload's pods. Call with the component. */}}
{{- define "registry-failover.podLabels" -}}
app.kubernetes.io/part-of: registry-failover
{{ include "registry-failover.selector" . }}
{{- end }}

{{/* Name and namespace of an object whose name is fixed. Call with (list $ "component" "name"). */}}
{{- define "registry-failover.metadata" -}}
name: {{ index . 2 }}
namespace: {{ (index . 0).Release.Namespace | quote }}
labels:
  {{- include "registry-failover.labels" . | nindent 2 }}
{{- end }}

{{/* The same for an object of the whole cluster. */}}
{{- define "registry-failover.clusterMetadata" -}}
name: {{ index . 2 }}
labels:
  {{- include "registry-failover.labels" . | nindent 2 }}
{{- end }}

{{/* A binding's role and its only subject, a ServiceAccount. Call with (list $ "Role" "role" "account"). */}}
{{- define "registry-failover.binding" -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ index . 1 }}
  name: {{ index . 2 }}
subjects:
- kind: ServiceAccount
  name: {{ index . 3 }}
  namespace: {{ (index . 0).Release.Namespace | quote }}
{{- end }}

{{/*
What makes an object a hook's. Call with (list "pre-delete" weight).
Helm makes a hook's objects in the order of their weights, waits for the Job,
and deletes them in the reverse order. When the Job fails it stays, until the
next attempt, and what was made for it goes. Helm shows its log either way, from 3.18 on.
*/}}
{{- define "registry-failover.hookAnnotations" -}}
helm.sh/hook: {{ index . 0 }}
helm.sh/hook-weight: {{ index . 1 | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
helm.sh/hook-output-log-policy: hook-succeeded,hook-failed
{{- end }}
