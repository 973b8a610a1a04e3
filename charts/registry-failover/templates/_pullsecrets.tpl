{{/* What is done about pull secrets. YAML reads a bare Off as false. */}}
{{- define "registry-failover.pullSecretsMode" -}}
{{- $mode := dig "pullSecrets" "mode" "Off" .Values.config -}}
{{- if kindIs "string" $mode }}{{ $mode }}{{ else }}Off{{ end -}}
{{- end }}

{{/* The namespaces where, in JSON; ["*"] is all. */}}
{{- define "registry-failover.pullSecretsNamespaces" -}}
{{- if ne (include "registry-failover.pullSecretsMode" .) "Off" -}}
{{- dig "pullSecrets" "namespaces" list .Values.config | uniq | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end }}

{{/* What the controller may do with Secrets there. RBAC knows neither their types nor their labels. */}}
{{- define "registry-failover.pullSecretsRules" -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch{{ if eq (include "registry-failover.pullSecretsMode" .) "Derive" }}, create, update, delete{{ end }}]
{{- if .Values.readiness.enabled }}
# The pull secrets that pods of a workload would be given.
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get]
{{- end }}
# About a Secret that can't be read, and a name that is taken.
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
