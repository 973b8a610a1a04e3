{{/*
What rewrite.Patterns.Match says of f.repository, in CEL: "true" where it
chooses all. Call with an endpoint's rewrite.repositories.
*/}}
{{- define "registry-failover.choosesRepository" -}}
{{- $chosen := list -}}
{{- with .include -}}
  {{- $any := list -}}
  {{- range . }}{{ $any = append $any (include "registry-failover.matchesPattern" .) }}{{ end -}}
  {{- $chosen = append $chosen (printf "(%s)" (join " || " $any)) -}}
{{- end -}}
{{- range .exclude -}}
  {{- $chosen = append $chosen (printf "!%s" (include "registry-failover.matchesPattern" .)) -}}
{{- end -}}
{{- join " && " $chosen | default "true" -}}
{{- end }}

{{/*
One pattern. That of a pattern with ** at its end is for as many elements of the
repository as stand before it, and one more has to follow.
*/}}
{{- define "registry-failover.matchesPattern" -}}
{{- if eq . "**" -}}
f.repository.matches("")
{{- else if hasSuffix "/**" . -}}
  {{- $before := trimSuffix "/**" . -}}
  {{- /* A repository has no more than 128 elements, and a regular expression repeats no more than 1000 times. */ -}}
  {{- $elements := splitList "/" $before | len | min 500 -}}
f.repository.find({{ printf "^([^/]+/){%d}" $elements | toJson }}).matches({{ printf "^%s/$" (include "registry-failover.patternAsRegexp" $before) | toJson }})
{{- else -}}
f.repository.matches({{ printf "^%s$" (include "registry-failover.patternAsRegexp" .) | toJson }})
{{- end -}}
{{- end }}

{{/* The syntax of Go's path.Match in that of RE2. */}}
{{- define "registry-failover.patternAsRegexp" -}}
{{- range regexFindAll `(?s)\\.|\[(\\.|[^\\\]])*\]|.` . -1 -}}
  {{- if eq . "*" -}}
    [^/]*
  {{- else if eq . "?" -}}
    [^/]
  {{- else if hasPrefix "[" . -}}
    {{- /* An exclamation mark, which no repository has, keeps the class from being empty. */ -}}
    {{- hasPrefix "[^" . | ternary "[^!" "[!" -}}
    {{- range regexFindAll `(?s)(\\.|[^\\\]-])(-(\\.|[^\\\]-]))?` (trimPrefix "[" . | trimPrefix "^" | trimSuffix "]") -1 -}}
      {{- $low := regexReplaceAll `(?s)^\\?(.)(-\\?(.))?$` . "${1}" -}}
      {{- $high := regexReplaceAll `(?s)^\\?(.)(-\\?(.))?$` . "${3}" | default $low -}}
      {{- if le $low $high -}}
        {{- regexQuoteMeta $low | replace "-" `\-` }}-{{ regexQuoteMeta $high | replace "-" `\-` -}}
      {{- end -}}
    {{- end -}}
    ]
  {{- else -}}
    {{- trimPrefix "\\" . | regexQuoteMeta -}}
  {{- end -}}
{{- end -}}
{{- end }}
