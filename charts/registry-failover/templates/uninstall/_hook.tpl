{{/* Metadata of an uninstall hook's object. Call with (list $ "pre-delete" weight "name" "namespace"). */}}
{{- define "registry-failover.hookMetadata" -}}
name: {{ index . 3 }}
{{- with index . 4 }}
namespace: {{ quote . }}
{{- end }}
labels:
  {{- include "registry-failover.labels" (list (index . 0) "uninstall") | nindent 2 }}
annotations:
  {{- include "registry-failover.hookAnnotations" (list (index . 1) (index . 2)) | nindent 2 }}
{{- end }}

{{/* The pod of a hook's Job. Call with (list $ "account" (list "arguments"…)). */}}
{{- define "registry-failover.hookPod" -}}
metadata:
  labels:
    {{- include "registry-failover.podLabels" "uninstall" | nindent 4 }}
spec:
  serviceAccountName: {{ index . 1 }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  restartPolicy: Never
  {{- include "registry-failover.pullSecrets" (index . 0) | nindent 2 }}
  priorityClassName: system-cluster-critical
  securityContext:
    {{- include "registry-failover.podSecurityContext" . | nindent 4 }}
  containers:
  - name: controller
    {{- include "registry-failover.image" (list (index . 0) "controller") | nindent 4 }}
    args:
    {{- range index . 2 }}
    - {{ . }}
    {{- end }}
    resources:
      {{- toYaml (index . 0).Values.controller.resources | nindent 6 }}
    securityContext:
      {{- include "registry-failover.securityContext" . | nindent 6 }}
{{- end }}
