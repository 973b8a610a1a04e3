{{/* The rules of pkg/rewrite for an endpoint's patterns. Call with (list "path" $endpoint). */}}
{{- define "registry-failover.patternMistakes" -}}
{{- $endpoint := index . 1 -}}
{{- $names := list $endpoint.name -}}
{{- range $endpoint.instances -}}
  {{- $names = concat $names (list .publicEndpoint .internalEndpoint) -}}
{{- end -}}
{{- range dig "rewrite" "extraSources" list $endpoint -}}
  {{- $names = append $names (lower .) -}}
{{- end -}}
{{- $path := printf "%s.rewrite.repositories" (index . 0) -}}
{{- range $key := list "include" "exclude" -}}
  {{- range $i, $pattern := dig "rewrite" "repositories" $key list $endpoint -}}
    {{- $why := include "registry-failover.patternMistake" . -}}
    {{- if $why -}}
      {{- printf "config.%s.%s[%d]: %q: the pattern %q %s\n" $path $key $i . . $why -}}
    {{- else if has (splitList "/" . | first | lower) $names -}}
      {{- printf "config.%s.%s[%d]: %q: begins with a registry host: write the repository's path without it\n" $path $key $i . -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* What rewrite.CheckPattern says of a pattern, or nothing. */}}
{{- define "registry-failover.patternMistake" -}}
{{- $one := `(\\.|[^\\\]-])` -}}
{{- $class := printf `\[(\^%s|\\.|[^\\\]^-])(-%s)?(%s(-%s)?)*\]` $one $one $one $one -}}
{{- $literals := regexReplaceAll `\[(\\.|[^\\\]])*\]` . "" -}}
{{- if has "" (splitList "/" .) -}}
  has an empty element: write it without a slash at its ends and without two in a row
{{- else if contains "**" (trimSuffix "/**" (printf "/%s" .)) -}}
  has ** in the wrong place: it can only be the whole last element
{{- else if not (regexMatch (printf `(?s)^([^\\\[]|\\.|%s)*$` $class) .) -}}
  is malformed: close its brackets, or escape them with a backslash
{{- else if ne $literals (lower $literals) -}}
  has an uppercase letter, which no repository has: write it in lowercase
{{- else if regexMatch "[:@]" $literals -}}
  has a tag or a digest, which are not matched: write the repository's path alone
{{- end -}}
{{- end }}
