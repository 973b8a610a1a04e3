{{/* The image of a program. Call with (list $ "webhook"). */}}
{{- define "registry-failover.image" -}}
{{- $root := index . 0 -}}
image: {{ printf "%s/registry-failover-%s:%s" $root.Values.image.registry (index . 1) ($root.Values.image.tag | default $root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
{{- end }}

{{- define "registry-failover.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
- name: {{ quote . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Of a pod and of a container that meet Pod Security "restricted". */}}
{{- define "registry-failover.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "registry-failover.securityContext" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
readOnlyRootFilesystem: true
{{- end }}

{{/* Every program tells its health at its metrics port. */}}
{{- define "registry-failover.probes" -}}
livenessProbe:
  httpGet: {path: /healthz, port: metrics}
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: metrics}
  timeoutSeconds: 5
  periodSeconds: 5
{{- end }}

{{/* Time for those who still send requests to hear that the pod ends. The images have no sleep to run. */}}
{{- define "registry-failover.drain" -}}
lifecycle:
  preStop:
    sleep: {seconds: 10}
{{- end }}

{{/* Replicas on different nodes and zones where there are such. Call with the component. */}}
{{- define "registry-failover.spread" -}}
topologySpreadConstraints:
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels:
      {{- include "registry-failover.selector" $ | nindent 6 }}
{{- end }}
{{- end }}

{{/* The configuration is a directory, because a file mounted alone never changes. */}}
{{- define "registry-failover.configMount" -}}
- name: config
  mountPath: /etc/registry-failover
  readOnly: true
{{- end }}
{{- define "registry-failover.configVolume" -}}
- name: config
  configMap: {name: registry-failover-config}
{{- end }}

{{/* The affinity to nodes that have a hosts file and run DaemonSets, which ACK's virtual nodes don't. */}}
{{- define "registry-failover.realNodes" -}}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
    - matchExpressions:
      - {key: kubernetes.io/os, operator: In, values: [linux]}
      - {key: type, operator: NotIn, values: [virtual-kubelet]}
{{- end }}
