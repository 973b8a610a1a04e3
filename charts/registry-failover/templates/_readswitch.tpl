{{/* The rule by which a resolver reads the switch and the state. */}}
{{- define "registry-failover.readSwitch" -}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [registry-failover, registry-failover-state]
  verbs: [get, list, watch]
{{- end }}
