{{/* Contradictions between the mode of the webhook's certificate and what belongs to it. */}}
{{- define "registry-failover.certificateMistakes" -}}
{{- $mode := .Values.webhook.certificate.mode -}}
{{- $name := .Values.webhook.certificate.secretName | default "" -}}
{{- $bundle := .Values.webhook.certificate.caBundle | default "" -}}
{{- $ours := list "registry-failover-webhook-certificate" "registry-failover-webhook-tls" "registry-failover-webhook-ca" -}}
{{- if ne $mode "Secret" -}}
  {{- range $key, $value := dict "secretName" $name "caBundle" $bundle -}}
    {{- if $value -}}
      {{- printf "webhook.certificate.%s: belongs to mode Secret: remove it, or change webhook.certificate.mode from %s to Secret\n" $key $mode -}}
    {{- end -}}
  {{- end -}}
{{- else -}}
  {{- if not $name -}}
    {{- println "webhook.certificate.secretName is empty: name the Secret in the release's namespace that holds tls.crt and tls.key, or set webhook.certificate.mode to Own" -}}
  {{- else if has $name $ours -}}
    {{- printf "webhook.certificate.secretName: %q is a Secret of another mode, which goes with the release: give yours another name\n" $name -}}
  {{- end -}}
  {{- if not (trim $bundle) -}}
    {{- println "webhook.certificate.caBundle is empty: write the certificates of the CAs that the API server shall trust, in PEM" -}}
  {{- else if not (regexMatch `^\s*(-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$` $bundle) -}}
    {{- println "webhook.certificate.caBundle: must be certificates in PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, and nothing else" -}}
  {{- end -}}
{{- end -}}
{{- end }}
