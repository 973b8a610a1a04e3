{{/* Words in prose, as pkg/config writes them: a, a or b, a, b or c. Call with the list. */}}
{{- define "registry-failover.oneOf" -}}
{{- if gt (len .) 1 }}{{ initial . | join ", " }} or {{ last . }}{{ else }}{{ join "" . }}{{ end -}}
{{- end }}

{{/*
The mistake of a value that stands elsewhere already. $places remembers where.
Call with (list $places "path" "value" "remedy").
*/}}
{{- define "registry-failover.claim" -}}
{{- $places := index . 0 -}}
{{- if hasKey $places (index . 2) -}}
  {{- printf "config.%s: %q: stands at %s already: %s\n" (index . 1) (index . 2) (get $places (index . 2)) (index . 3) -}}
{{- else -}}
  {{- $_ := set $places (index . 2) (index . 1) -}}
{{- end -}}
{{- end }}

{{/* "true" for a name that is the domain or below it. Call with (list "name" "domain"). */}}
{{- define "registry-failover.under" -}}
{{- if hasSuffix (printf ".%s" (index . 1)) (printf ".%s" (index . 0)) }}true{{ end -}}
{{- end }}

{{/* "true" for a lowercase DNS name of one label or more, as Kubernetes' names are. */}}
{{- define "registry-failover.isDNSName" -}}
{{- $label := `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?` -}}
{{- if and (le (len .) 253) (regexMatch (printf `^%s(\.%s)*$` $label $label) .) }}true{{ end -}}
{{- end }}

{{/* The regular expression of an IPv4 address. */}}
{{- define "registry-failover.ipv4" -}}
{{- $byte := `(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)` -}}
{{- printf `%s(\.%s){3}` $byte $byte -}}
{{- end }}

{{/* A duration, whose text the schema has checked, as the nanoseconds that it has. */}}
{{- define "registry-failover.nanoseconds" -}}
{{- $start := toDate "2006-01-02" "2000-01-01" -}}
{{- ((mustDateModify . $start).Sub $start).Nanoseconds -}}
{{- end }}
