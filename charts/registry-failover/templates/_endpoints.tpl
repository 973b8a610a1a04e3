{{/*
What the configuration leaves out has pkg/config's default here. YAML 1.1 reads
a bare Off as the boolean false.
*/}}
{{- define "registry-failover.nodeHosts" -}}
{{- $hosts := dig "node" "hosts" "OnFailover" .Values.config -}}
{{- eq (toString $hosts) "false" | ternary "Off" $hosts -}}
{{- end }}

{{/* The key of the taint, as internal/startuptaint has it. */}}
{{- define "registry-failover.startupTaint" -}}
startup-taint.cluster-autoscaler.kubernetes.io/registry-failover
{{- end }}

{{- define "registry-failover.source" -}}
{{- dig "privateZone" "source" "VPCDNS" .Values.config -}}
{{- end }}

{{/* Whether the controller writes PrivateZone's record back: true, or nothing. */}}
{{- define "registry-failover.writeBack" -}}
{{- if dig "privateZone" "writeBack" false .Values.config -}}true{{- end -}}
{{- end -}}

{{/* Whether automatic mode is on: true, or nothing. */}}
{{- define "registry-failover.automatic" -}}
{{- if eq (dig "failover" "mode" "Manual" .Values.config) "Automatic" -}}true{{- end -}}
{{- end -}}

{{/* Whether it moves only to who has images: true, or nothing. */}}
{{- define "registry-failover.automaticAsksForImages" -}}
{{- if and (include "registry-failover.automatic" .) (ne (dig "failover" "readyShare" 0.95 .Values.config | float64) 0.0) -}}true{{- end -}}
{{- end -}}

{{/* Whether the controller deletes pods that wait for an image: true, or nothing. */}}
{{- define "registry-failover.recreates" -}}
{{- if dig "failover" "recreateStuckPods" false .Values.config -}}true{{- end -}}
{{- end -}}

{{/* Whether the controller derives pull secrets: true, or nothing. */}}
{{- define "registry-failover.derives" -}}
{{- if eq (dig "pullSecrets" "mode" "Off" .Values.config | toString) "Derive" -}}true{{- end -}}
{{- end -}}

{{/* Whether it mints some: true, or nothing. */}}
{{- define "registry-failover.mints" -}}
{{- if and (include "registry-failover.derives" .) (dig "pullSecrets" "mint" list .Values.config) -}}true{{- end -}}
{{- end -}}

{{/* Whether it publishes what PrivateZone says, or writes there: true, or nothing. */}}
{{- define "registry-failover.usesZones" -}}
{{- if or (eq (include "registry-failover.source" .) "API") (include "registry-failover.writeBack" .) -}}true{{- end -}}
{{- end -}}

{{/* Whether the controller uses the cloud's API: true, or nothing. */}}
{{- define "registry-failover.usesCloud" -}}
{{- if or (include "registry-failover.usesZones" .) (include "registry-failover.mints" .) -}}true{{- end -}}
{{- end -}}

{{/* The source hosts of endpoints, a list, in lowercase, as a JSON list. */}}
{{- define "registry-failover.sourceHosts" -}}
{{- $hosts := list -}}
{{- range . -}}
  {{- range .instances -}}
    {{- $hosts = append $hosts (lower .publicEndpoint) -}}
    {{- $hosts = append $hosts (lower .internalEndpoint) -}}
  {{- end -}}
  {{- range (dig "rewrite" "extraSources" list .) -}}
    {{- $hosts = append $hosts (lower .) -}}
  {{- end -}}
{{- end -}}
{{- toJson $hosts -}}
{{- end }}

{{/*
The words that the switch takes for an endpoint, as a JSON list in the order of
zone.Endpoint.Words. Call with (list $ $endpoint).
*/}}
{{- define "registry-failover.words" -}}
{{- $learns := eq (include "registry-failover.source" (index . 0)) "API" -}}
{{- $words := list "privatezone" -}}
{{- range (index . 1).instances -}}
  {{- $internal := or .internalAddresses (and $learns .vpcID) -}}
  {{- if or $internal (eq .network "public") -}}
    {{- $words = append $words .name -}}
  {{- end -}}
  {{- if $internal -}}
    {{- $words = append $words (printf "%s/internal" .name) -}}
  {{- end -}}
  {{- $words = append $words (printf "%s/public" .name) -}}
{{- end -}}
{{- toJson $words -}}
{{- end }}

{{/* The first standby of an endpoint. Call with the endpoint. */}}
{{- define "registry-failover.standby" -}}
{{- $names := list -}}
{{- range .instances }}{{ $names = append $names .name }}{{ end -}}
{{- without $names .primary | first -}}
{{- end }}
