{{/*
What the schema can't refuse, or not with a sentence that tells the remedy. All
mistakes are told at once. What pkg/config refuses must end here, in its words:
the programs would go on with the configuration that they have, while the
switch's policy is made from this one.
*/}}
{{- define "registry-failover.check" -}}
{{- $mistakes := printf "%s%s%s" (include "registry-failover.valueMistakes" .) (include "registry-failover.settingMistakes" .) (include "registry-failover.endpointMistakes" .) -}}
{{- if $mistakes -}}
  {{- fail (printf "\n%s" (trim $mistakes)) -}}
{{- end -}}
{{- end }}

{{/* Mistakes in values other than the configuration. */}}
{{- define "registry-failover.valueMistakes" -}}
{{- $registry := .Values.image.registry | default "" -}}
{{- if not $registry -}}
  {{- println "image.registry is empty: name the registry that holds the product's images, as host[:port][/path]" -}}
{{- end -}}
{{- if not .Values.config.endpoints -}}
  {{- println "config.endpoints is empty: configure at least one shared endpoint, as docs/configuration.md shows" -}}
{{- end -}}
{{- $host := $registry | splitList "/" | first | lower -}}
{{- range .Values.config.endpoints -}}
  {{- $name := .name -}}
  {{- if has $host (list $name (printf "%s:443" $name)) -}}
    {{- printf "image.registry: %q is a shared endpoint, and the product must start when what it leads to is dead: name another registry\n" $registry -}}
  {{- end -}}
  {{- range .instances -}}
    {{- if has $host (list .publicEndpoint (printf "%s:443" .publicEndpoint) .internalEndpoint (printf "%s:443" .internalEndpoint)) -}}
      {{- printf "image.registry: %q is the instance %q of %q, and the product must start when that is dead: name another registry\n" $registry .name $name -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $ours := list "registry-failover" "registry-failover-config" "registry-failover-state" "registry-failover-status" -}}
{{- if and (eq .Values.coredns.namespace .Release.Namespace) (has .Values.coredns.configMap $ours) -}}
  {{- printf "coredns.configMap: %q is one of the product's own ConfigMaps: name CoreDNS's\n" .Values.coredns.configMap -}}
{{- end -}}
{{- end }}
