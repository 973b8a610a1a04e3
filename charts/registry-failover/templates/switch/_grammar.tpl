{{/* The names of endpoints as a list in CEL. */}}
{{- define "registry-failover.endpointNames" -}}
{{- $names := list -}}
{{- range . }}{{ $names = append $names .name }}{{ end -}}
{{- toJson $names -}}
{{- end }}

{{/*
The grammar of zone.Endpoint.ParseSwitch in CEL, for one endpoint: mistakeN is
its mistake as a sentence, "" where there is none, of the value in data or in
before. Call with (list "N" "name" "words as a JSON list" "data").

The order is the parser's. text is trimmed as Go's strings.TrimSpace does it.
A line ends with blanks, tabs and carriage returns, which don't count; its value
begins with neither blank nor tab and has no control character but tab. The
times are those of Go's time.Parse(time.RFC3339), which takes an hour of one
digit, a comma before a fraction and offsets up to 24:60. No regular expression
grows with the configuration: what one costs is its length times the text's.
*/}}
{{- define "registry-failover.switchVariables" -}}
{{- $i := index . 0 -}}
{{- $name := index . 1 -}}
{{- $words := index . 2 -}}
{{- $data := index . 3 -}}
{{- $listed := $words | fromJsonArray | join ", " -}}
{{- $label := "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?" -}}
{{- $node := printf `[\t\pZ]*%s(\.%s)*[\t\pZ]*` $label $label -}}
{{- $days := `(\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))|(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)` -}}
{{- $clock := `([01]?\d|2[0-3]):[0-5]\d:[0-5]\d([.,]\d+)?` -}}
{{- $zone := `(Z|[-+]([01]\d|2[0-4]):([0-5]\d|60))` -}}
- name: value{{ $i }}
  expression: '{{ quote $name }} in variables.{{ $data }} ? variables.{{ $data }}[{{ quote $name }}] : ""'
- name: text{{ $i }}
  expression: variables.value{{ $i }}.trim()
- name: lines{{ $i }}
  expression: variables.text{{ $i }}.split("\n", 8)
- name: keys{{ $i }}
  expression: variables.lines{{ $i }}.map(l, l.split(":", 2)[0])
- name: mistake{{ $i }}
  expression: |-
    bytes(variables.value{{ $i }}).size() > 65536 ? "the switch is longer than 65536 bytes: shorten it" :
    variables.text{{ $i }} == "" ? "the switch is empty: write one of {{ $listed }}" :
    !variables.text{{ $i }}.matches(r"[:\n]") ? (variables.text{{ $i }} in {{ $words }} ? "" :
      "unknown target" + (variables.text{{ $i }}.matches(r"^[!-~]{1,64}$") ? " " + variables.text{{ $i }} : "") + ": write one of {{ $listed }}") :
    !variables.lines{{ $i }}.all(l, l.matches(r"^(to|from|share|nodes|reason|set-by|until):[ \t]*[^\x00-\x20\x7f-\x9f][^\x00-\x08\x0a-\x1f\x7f-\x9f]*[ \t\r]*$")) ?
      "a line is not of the form key: value, without quotes, indentation and control characters, with one of the keys to, from, share, nodes, reason, set-by, until" :
    !variables.keys{{ $i }}.all(k, variables.keys{{ $i }}.filter(o, o == k).size() == 1) ? "a key is given twice: keep one" :
    !("to" in variables.keys{{ $i }}) ? "to is missing: add a line with one of {{ $listed }}" :
    !variables.lines{{ $i }}.all(l, !l.matches(r"^(to|from):") || l.matches(r"^(to|from):[ \t]*[!-~]+[ \t\r]*$") && l.split(":", 2)[1].trim() in {{ $words }}) ?
      "to or from has an unknown target: write one of {{ $listed }}" :
    !variables.lines{{ $i }}.all(l, !l.startsWith("until:") || l.matches(r"^until:[ \t]*{{ $days }}T{{ $clock }}{{ $zone }}[ \t\r]*$")) ?
      "until is no time: write it as 2006-01-02T15:04:05Z (RFC 3339)" :
    "share" in variables.keys{{ $i }} && "nodes" in variables.keys{{ $i }} ? "share and nodes are both given: keep the one that says which nodes move" :
    !("share" in variables.keys{{ $i }} || "nodes" in variables.keys{{ $i }}) ?
      ("from" in variables.keys{{ $i }} ? "from is given without share or nodes: add one of them, or remove from to move everything" : "") :
    !("from" in variables.keys{{ $i }}) ? "from is missing: share and nodes need it, it is the answer of all the other nodes" :
    !variables.lines{{ $i }}.all(l, !l.startsWith("share:") || l.matches(r"^share:[ \t]*([0-9]|[1-9][0-9]|100)[ \t\r]*$")) ?
      "share is no percentage: write a whole number from 0 to 100, without a sign" :
    !variables.lines{{ $i }}.all(l, !l.startsWith("nodes:") || l.matches(r"^nodes:{{ $node }}(,{{ $node }})*[ \t\r]*$") && l.substring(6).split(",").all(n, n.trim().size() <= 253)) ?
      "nodes has something that is no node name: write names as `kubectl get nodes` shows them, separated by commas" :
    ""
{{- end }}
