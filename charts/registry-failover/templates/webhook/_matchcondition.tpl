{{/*
True in CEL for a pod with an image whose host, all before the first slash and
without case, is a source host: the hosts that pkg/rewrite compares, in the
fields of internal/podimages.
*/}}
{{- define "registry-failover.namesSourceHost" -}}
(
{{- range $i, $list := list "containers" "initContainers" "ephemeralContainers" }}
  {{ if $i }}+ {{ end }}(has(object.spec.{{ $list }}) ? object.spec.{{ $list }}.filter(c, has(c.image)).map(c, c.image) : [])
{{- end }}
  + (has(object.spec.volumes) ? object.spec.volumes.filter(v, has(v.image) && has(v.image.reference)).map(v, v.image.reference) : [])
).exists(image, image.lowerAscii().split("/", 2)[0] in {{ include "registry-failover.sourceHosts" .Values.config.endpoints }})
{{- end }}
