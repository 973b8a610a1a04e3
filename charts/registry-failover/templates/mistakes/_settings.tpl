{{/* The rules of pkg/config for everything but the endpoints. */}}
{{- define "registry-failover.settingMistakes" -}}
{{- $config := .Values.config -}}
{{- $provider := dig "credentials" "provider" "None" $config -}}
{{- if eq (include "registry-failover.source" .) "API" -}}
  {{- if eq $provider "None" -}}
    {{- println `config.privateZone.source: "API": needs cloud credentials: set credentials.provider, or use VPCDNS` -}}
  {{- end -}}
  {{- if not (dig "cluster" "vpcID" "" $config) -}}
    {{- println "config.cluster.vpcID: privateZone.source API needs it to choose this cluster's zone among same-named ones" -}}
  {{- end -}}
{{- end -}}
{{- if and (dig "privateZone" "writeBack" false $config) (eq $provider "None") -}}
  {{- println "config.privateZone.writeBack: true: needs cloud credentials: set credentials.provider" -}}
{{- end -}}
{{- if and (dig "privateZone" "writeBack" false $config) (ne (include "registry-failover.source" .) "API") (not (dig "cluster" "vpcID" "" $config)) -}}
  {{- println "config.cluster.vpcID: privateZone.writeBack needs it to choose this cluster's zone among same-named ones" -}}
{{- end -}}
{{- range $key := list "dryRun" "force" -}}
  {{- if and (dig "privateZone" $key false $config) (not (dig "privateZone" "writeBack" false $config)) -}}
    {{- printf "config.privateZone.%s: true: belongs to privateZone.writeBack: set that to true, too\n" $key -}}
  {{- end -}}
{{- end -}}
{{- if and (dig "node" "resetConnections" false $config) (eq (include "registry-failover.nodeHosts" .) "Off") -}}
  {{- println "config.node.resetConnections: true: needs the hosts file, which leads the pulls elsewhere that are tried again: set node.hosts to OnFailover or Always" -}}
{{- end -}}
{{- if and (dig "failover" "recreateStuckPods" false $config) (eq (include "registry-failover.nodeHosts" .) "Off") -}}
  {{- println "config.failover.recreateStuckPods: true: needs the nodes' reports, which tell whether a new pod would pull from elsewhere: set node.hosts to OnFailover or Always" -}}
{{- end -}}
{{- include "registry-failover.pullSecretMistakes" (list $provider ($config.pullSecrets | default dict) .Release.Namespace) -}}
{{- include "registry-failover.credentialMistakes" (list $provider ($config.credentials | default dict)) -}}
{{- range $key, $text := pick ($config.health | default dict) "interval" "timeout" "slow" -}}
  {{- if le (include "registry-failover.nanoseconds" $text | int64) 0 -}}
    {{- printf "config.health.%s: %q: must be a duration such as 5s\n" $key $text -}}
  {{- end -}}
{{- end -}}
{{- $timeout := dig "health" "timeout" nil $config | default "2s" -}}
{{- $slow := dig "health" "slow" nil $config | default "5s" -}}
{{- $nanoseconds := include "registry-failover.nanoseconds" $timeout | int64 -}}
{{- if and (gt $nanoseconds 0) (gt (include "registry-failover.nanoseconds" $slow | int64) 0) (le (include "registry-failover.nanoseconds" $slow | int64) $nanoseconds) -}}
  {{- printf "config.health.slow: %q: must be longer than health.timeout, %s: an answer comes after a connection\n" $slow $timeout -}}
{{- end -}}
{{- with dig "health" "canary" "" $config -}}
  {{- $part := `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` -}}
  {{- if or (regexMatch `^(localhost|[^/]*[.:][^/]*)/` .) (not (regexMatch (printf `^%s(/%s)*@(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$` $part $part) .)) -}}
    {{- printf "config.health.canary: %q: must be a repository and a digest without a host, such as demo/web@sha256:…\n" . -}}
  {{- end -}}
{{- end -}}
{{- with dig "failover" "dwell" "" $config -}}
  {{- if lt (include "registry-failover.nanoseconds" . | int64) 0 -}}
    {{- printf "config.failover.dwell: %q: must be a duration such as 10m; 0s for none\n" . -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* The rules for the fields of a provider. Call with (list "provider" $credentials). */}}
{{- define "registry-failover.credentialMistakes" -}}
{{- $provider := index . 0 -}}
{{- $credentials := index . 1 -}}
{{- $rrsa := list "RRSA" -}}
{{- $secret := list "AccessKey" "STS" -}}
{{- range $key, $of := dict "roleARN" $rrsa "oidcProviderARN" $rrsa "oidcTokenFile" $rrsa "roleName" (list "ECSRAMRole") "secretName" $secret -}}
  {{- if and (get $credentials $key) (not (has $provider $of)) -}}
    {{- printf "config.credentials.%s: belongs to provider %s: remove it or change the provider\n" $key (include "registry-failover.oneOf" $of) -}}
  {{- end -}}
{{- end -}}
{{- $name := get $credentials "secretName" -}}
{{- if and (has $provider $secret) (not (include "registry-failover.isDNSName" $name)) -}}
  {{- printf "config.credentials.secretName: %q: must name the Secret that holds the key\n" $name -}}
{{- end -}}
{{- end }}
