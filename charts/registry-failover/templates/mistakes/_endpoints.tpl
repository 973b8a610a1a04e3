{{/* The rules of pkg/config for the names of endpoints, and for all in them. */}}
{{- define "registry-failover.endpointMistakes" -}}
{{- $root := . -}}
{{- $domain := dig "cluster" "domain" "cluster.local" .Values.config -}}
{{- $address := printf "^%s$" (include "registry-failover.ipv4" .) -}}
{{- $names := dict -}}
{{- range $i, $e := .Values.config.endpoints -}}
  {{- $path := printf "endpoints[%d].name" $i -}}
  {{- if regexMatch $address .name -}}
    {{- printf "config.%s: %q: must be a lowercase DNS name of two labels or more, without port and final dot\n" $path .name -}}
  {{- else if include "registry-failover.under" (list .name "aliyuncs.com") -}}
    {{- printf "config.%s: %q: is under aliyuncs.com, where no custom domain can be: write the domain that you set on the instances\n" $path .name -}}
  {{- else if include "registry-failover.under" (list .name $domain) -}}
    {{- printf "config.%s: %q: is under the cluster's own domain %s: nodes could not resolve it\n" $path .name $domain -}}
  {{- end -}}
  {{- include "registry-failover.claim" (list $names $path .name "configure each endpoint once") -}}
{{- end -}}
{{- $hosts := dict -}}
{{- range $i, $e := .Values.config.endpoints -}}
  {{- $path := printf "endpoints[%d]" $i -}}
  {{- with .ttl -}}
    {{- $ttl := include "registry-failover.nanoseconds" . | int64 -}}
    {{- if or (lt $ttl 1000000000) (gt $ttl 86400000000000) (mod $ttl 1000000000) -}}
      {{- printf "config.%s.ttl: %q: must be a duration such as 5s: whole seconds from 1s to 24h\n" $path . -}}
    {{- end -}}
  {{- end -}}
  {{- include "registry-failover.instanceMistakes" (list $root $path .) -}}
  {{- include "registry-failover.hostMistakes" (list $names $hosts $path .) -}}
  {{- include "registry-failover.patternMistakes" (list $path .) -}}
{{- end -}}
{{- end }}
