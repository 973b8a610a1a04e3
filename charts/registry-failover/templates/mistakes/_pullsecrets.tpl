{{/* The rules of pkg/config for pull secrets. Call with (list "provider" $pullSecrets "release's namespace"). */}}
{{- define "registry-failover.pullSecretMistakes" -}}
{{- $provider := index . 0 -}}
{{- $settings := index . 1 -}}
{{- $own := index . 2 -}}
{{- $mode := $settings.mode | default "Off" -}}
{{- $namespaces := $settings.namespaces | default list -}}
{{- if and (ne (toString $mode) "Off") (not $namespaces) -}}
  {{- println `config.pullSecrets.namespaces: list the namespaces, or write ["*"] for all` -}}
{{- end -}}
{{- $listed := dict -}}
{{- range $i, $namespace := $namespaces -}}
  {{- if and (eq . "*") (gt (len $namespaces) 1) -}}
    {{- printf "config.pullSecrets.namespaces[%d]: %q: stands for all namespaces: remove the others\n" $i . -}}
  {{- else if eq . "kube-system" -}}
    {{- printf "config.pullSecrets.namespaces[%d]: %q: is left alone, as its images are: remove it\n" $i . -}}
  {{- else if eq . $own -}}
    {{- printf "config.pullSecrets.namespaces[%d]: %q: is the release's own namespace, whose pods must start when what the shared endpoints lead to is dead: remove it\n" $i . -}}
  {{- else -}}
    {{- include "registry-failover.claim" (list $listed (printf "pullSecrets.namespaces[%d]" $i) . "list each namespace once") -}}
  {{- end -}}
{{- end -}}
{{- if $settings.mint -}}
  {{- if ne $mode "Derive" -}}
    {{- println "config.pullSecrets.mint: belongs to pullSecrets.mode Derive: set that, too" -}}
  {{- end -}}
  {{- if eq $provider "None" -}}
    {{- println "config.pullSecrets.mint: needs cloud credentials: set credentials.provider" -}}
  {{- end -}}
{{- end -}}
{{- $minted := dict -}}
{{- range $i, $namespace := $settings.mint -}}
  {{- $covered := and (not (has . (list "kube-system" $own))) (or (has . $namespaces) (has "*" $namespaces)) -}}
  {{- if or (contains "." .) (gt (len .) 63) (not (include "registry-failover.isDNSName" .)) (and (eq $mode "Derive") (not $covered)) -}}
    {{- printf "config.pullSecrets.mint[%d]: %q: must be one of pullSecrets.namespaces, by its name: a token of an instance reads whatever the controller's credentials may\n" $i . -}}
  {{- else -}}
    {{- include "registry-failover.claim" (list $minted (printf "pullSecrets.mint[%d]" $i) . "list each namespace once") -}}
  {{- end -}}
{{- end -}}
{{- with $settings.breakGlass -}}
  {{- if ne $mode "Derive" -}}
    {{- printf "config.pullSecrets.breakGlass: %q: belongs to pullSecrets.mode Derive: set that, too\n" . -}}
  {{- else if not (include "registry-failover.isDNSName" .) -}}
    {{- printf "config.pullSecrets.breakGlass: %q: must be the name of a Secret\n" . -}}
  {{- end -}}
{{- end -}}
{{- end }}
