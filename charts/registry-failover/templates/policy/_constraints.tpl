{{/*
The pods that a policy is for: those of the webhook, by the enforcement of the
configuration, which a namespace's label overrides. Call with (list $ "Enforce").
*/}}
{{- define "registry-failover.podConstraints" -}}
{{- $root := index . 0 -}}
{{- $mine := index . 1 -}}
{{- $other := eq $mine "Audit" | ternary "Enforce" "Audit" -}}
matchPolicy: Equivalent
resourceRules:
- apiGroups: [""]
  apiVersions: [v1]
  operations: [CREATE{{ if dig "admission" "onUpdate" false $root.Values.config }}, UPDATE{{ end }}]
  resources: [pods]
  scope: Namespaced
- apiGroups: [""]
  apiVersions: [v1]
  operations: [UPDATE]
  resources: [pods/ephemeralcontainers]
  scope: Namespaced
namespaceSelector:
  matchExpressions:
  - {key: kubernetes.io/metadata.name, operator: NotIn, values: {{ list "kube-system" $root.Release.Namespace | uniq | toJson }}}
  - {key: registry-failover.io/rewrite, operator: NotIn, values: ["false"]}
  {{- if eq (dig "admission" "enforcement" "Enforce" $root.Values.config) $mine }}
  - {key: registry-failover.io/enforcement, operator: NotIn, values: [{{ $other }}]}
  {{- else }}
  - {key: registry-failover.io/enforcement, operator: In, values: [{{ $mine }}]}
  {{- end }}
{{- end }}

{{/* Neither a mirror pod nor one that opts out. */}}
{{- define "registry-failover.podConditions" -}}
- name: no-mirror-pod
  expression: '!has(object.metadata.annotations) || !("kubernetes.io/config.mirror" in object.metadata.annotations)'
- name: not-opted-out
  expression: '!has(object.metadata.labels) || !("registry-failover.io/rewrite" in object.metadata.labels) || object.metadata.labels["registry-failover.io/rewrite"] != "false"'
{{- end }}
