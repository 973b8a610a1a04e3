{{/*
The Secret that the webhook mounts. Each mode has its own: neither the controller
nor cert-manager finds what the other has left, and pods of before an upgrade
keep theirs.
*/}}
{{- define "registry-failover.certificateSecret" -}}
{{- with .Values.webhook.certificate -}}
{{- get (dict "Own" "registry-failover-webhook-certificate" "CertManager" "registry-failover-webhook-tls" "Secret" .secretName) .mode -}}
{{- end -}}
{{- end }}
