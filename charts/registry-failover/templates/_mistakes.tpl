{{/*
What the schema can't refuse, or not with a sentence that tells the remedy. All
mistakes are told at once. What pkg/config refuses must end here, in its words:
the programs would go on with the configuration that they have, while the
switch's policy is made from this one.
*/}}
{{- define "registry-failover.check" -}}
{{- $mistakes := printf "%s%s%s%s" (include "registry-failover.valueMistakes" .) (include "registry-failover.certificateMistakes" .) (include "registry-failover.settingMistakes" .) (include "registry-failover.endpointMistakes" .) -}}
{{- if $mistakes -}}
  {{- fail (printf "\n%s" (trim $mistakes)) -}}
{{- end -}}
{{- end }}

{{/* Mistakes in values other than the configuration. */}}
{{- define "registry-failover.valueMistakes" -}}
{{- $registry := .Values.image.registry | default "" -}}
{{- if not $registry -}}
  {{- println "image.registry is empty: name the registry that holds the product's images, as host[:port][/path]" -}}
{{- else -}}
  {{- $label := `[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?` -}}
  {{- if not (regexMatch (printf `^%s(\.%s)*(:[0-9]+)?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$` $label $label) $registry) -}}
    {{- printf "image.registry: %q: must be host[:port][/path], without a scheme, a tag and a slash at the end\n" $registry -}}
  {{- end -}}
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
{{- $address := .Values.dns.clusterIP | default "" -}}
{{- if not (or (regexMatch (printf "^(%s)?$" (include "registry-failover.ipv4" .)) $address) (contains ":" $address)) -}}
  {{- printf "dns.clusterIP: %q: is no IP address: write one of the cluster's Services, or nothing\n" $address -}}
{{- end -}}
{{- if and .Values.node.startupTaint (eq (include "registry-failover.nodeHosts" .) "Off") -}}
  {{- println "node.startupTaint: true: with config.node.hosts Off no node reports, and the taint would stay: write false, and OnFailover or Always to have it" -}}
{{- end -}}
{{- if and (eq .Values.admission.mechanism "Policy") (include "registry-failover.derives" .) -}}
  {{- println `admission.mechanism: "Policy": a policy of the API server can't attach the pull secrets that config.pullSecrets.mode Derive makes, and pods would be rewritten without them: write Webhook, or Check or Off for the mode` -}}
{{- end -}}
{{- if and (include "registry-failover.automatic" .) (not .Values.prober.enabled) -}}
  {{- println "prober.enabled: false: without probers nobody knows how the instances do, and config.failover.mode Automatic would never move anything: write true, or Manual for the mode" -}}
{{- end -}}
{{- if and (include "registry-failover.automaticAsksForImages" .) (not .Values.readiness.enabled) -}}
  {{- println "readiness.enabled: false: nobody knows which images the instances have, and config.failover.mode Automatic would never move anything: write true, or 0 for config.failover.readyShare, or Manual for the mode" -}}
{{- end -}}
{{- $ours := list "registry-failover" "registry-failover-config" "registry-failover-state" "registry-failover-status" "registry-failover-automatic" "registry-failover-images" "registry-failover-drills" "registry-failover-pull-secrets" -}}
{{- if and (eq .Values.coredns.namespace .Release.Namespace) (has .Values.coredns.configMap $ours) -}}
  {{- printf "coredns.configMap: %q is one of the product's own ConfigMaps: name CoreDNS's\n" .Values.coredns.configMap -}}
{{- end -}}
{{- end }}
