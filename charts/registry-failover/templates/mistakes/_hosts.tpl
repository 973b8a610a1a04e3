{{/*
The rules of pkg/config for the hosts that are rewritten: each leads to one
endpoint, and none from endpoint to endpoint. $names and $hosts remember those of
all endpoints. Call with (list $names $hosts "path" $endpoint).
*/}}
{{- define "registry-failover.hostMistakes" -}}
{{- $names := index . 0 -}}
{{- $hosts := index . 1 -}}
{{- $endpoint := index . 2 -}}
{{- $address := printf "^%s$" (include "registry-failover.ipv4" .) -}}
{{- range $i, $instance := (index . 3).instances -}}
  {{- range $key := list "publicEndpoint" "internalEndpoint" -}}
    {{- $path := printf "%s.instances[%d].%s" $endpoint $i $key -}}
    {{- $host := get $instance $key -}}
    {{- if regexMatch $address $host -}}
      {{- printf "config.%s: %q: must be the instance's host name, lowercase, without scheme, port and final dot, and no IP address\n" $path $host -}}
    {{- else -}}
      {{- include "registry-failover.claimHost" (list $names $hosts $path $host) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $i, $host := dig "rewrite" "extraSources" list (index . 3) -}}
  {{- $path := printf "%s.rewrite.extraSources[%d]" $endpoint $i -}}
  {{- if include "registry-failover.isRegistryHost" $host -}}
    {{- include "registry-failover.claimHost" (list $names $hosts $path $host) -}}
  {{- else -}}
    {{- printf "config.%s: %q: must be a registry host or host:port, without scheme and path\n" $path $host -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{- define "registry-failover.claimHost" -}}
{{- $path := index . 2 -}}
{{- $host := index . 3 -}}
{{- $key := lower $host -}}
{{- $name := splitList ":" $key | first -}}
{{- if hasKey (index . 0) $key -}}
  {{- printf "config.%s: %q: is a shared endpoint itself (%s), so rewriting would go in a circle: write the instance's own host\n" $path $host (get (index . 0) $key) -}}
{{- else if include "registry-failover.under" (list $name "ack.aliyuncs.com") -}}
  {{- printf "config.%s: %q: serves the system images of ACK, which must not depend on a failover: remove it\n" $path $host -}}
{{- else if has $name (list "docker.io" "index.docker.io") -}}
  {{- printf "config.%s: %q: is Docker Hub, where docker.io/nginx means library/nginx, so that with another host it would name another repository: remove it\n" $path $host -}}
{{- else -}}
  {{- include "registry-failover.claim" (list (index . 1) $path $key "a host can belong to one endpoint and one instance only") -}}
{{- end -}}
{{- end }}

{{/*
"true" for what an image reference takes for a host: without dot and port only
localhost, and what has an uppercase letter, which no repository has.
*/}}
{{- define "registry-failover.isRegistryHost" -}}
{{- $label := `[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?` -}}
{{- if and (regexMatch (printf `^(%s(\.%s)*|\[[a-fA-F0-9:]+\])(:[0-9]+)?$` $label $label) .) (or (eq . "localhost") (regexMatch "[A-Z.:]" .)) }}true{{ end -}}
{{- end }}
