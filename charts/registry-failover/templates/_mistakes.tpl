{{/*
What the schema can't refuse, or not with a sentence that tells the remedy. All
mistakes are told at once. The programs check the configuration further when
they read it.
*/}}
{{- define "registry-failover.check" -}}
{{- $mistakes := list -}}
{{- $registry := .Values.image.registry -}}
{{- if not $registry -}}
  {{- $mistakes = append $mistakes "image.registry is empty: name the registry that holds the product's images, as host[:port][/path]" -}}
{{- end -}}
{{- if not .Values.config.endpoints -}}
  {{- $mistakes = append $mistakes "config.endpoints is empty: configure at least one shared endpoint, as docs/configuration.md shows" -}}
{{- end -}}
{{- $host := $registry | splitList "/" | first | lower -}}
{{- $names := list -}}
{{- range $i, $e := .Values.config.endpoints -}}
  {{- $path := printf "config.endpoints[%d]" $i -}}
  {{- if has $e.name $names -}}
    {{- $mistakes = append $mistakes (printf "%s.name: %q is there twice, and the switch can have one key of that name: configure each endpoint once" $path $e.name) -}}
  {{- end -}}
  {{- $names = append $names $e.name -}}
  {{- if has $host (list $e.name (printf "%s:443" $e.name)) -}}
    {{- $mistakes = append $mistakes (printf "image.registry: %q is a shared endpoint, and the product must start when what it leads to is dead: name another registry" $registry) -}}
  {{- end -}}
  {{- $instances := list -}}
  {{- range $j, $instance := $e.instances -}}
    {{- $instances = append $instances $instance.name -}}
    {{- range (list $instance.publicEndpoint $instance.internalEndpoint) -}}
      {{- if has $host (list . (printf "%s:443" .)) -}}
        {{- $mistakes = append $mistakes (printf "image.registry: %q is the instance %q of %q, and the product must start when that is dead: name another registry" $registry $instance.name $e.name) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- if not (has $e.primary $instances) -}}
    {{- $mistakes = append $mistakes (printf "%s.primary: %q is no instance of this endpoint: one of %s" $path $e.primary (join ", " $instances)) -}}
  {{- end -}}
{{- end -}}
{{- $ours := list "registry-failover" "registry-failover-config" "registry-failover-state" "registry-failover-status" -}}
{{- if and (eq .Values.coredns.namespace .Release.Namespace) (has .Values.coredns.configMap $ours) -}}
  {{- $mistakes = append $mistakes (printf "coredns.configMap: %q is one of the product's own ConfigMaps: name CoreDNS's" .Values.coredns.configMap) -}}
{{- end -}}
{{- if $mistakes -}}
  {{- fail (printf "\n%s" (join "\n" $mistakes)) -}}
{{- end -}}
{{- end }}
