{{/* The rules of pkg/config for an endpoint's instances. Call with (list $ "path" $endpoint). */}}
{{- define "registry-failover.instanceMistakes" -}}
{{- $source := include "registry-failover.source" (index . 0) -}}
{{- $endpoint := index . 1 -}}
{{- $primary := (index . 2).primary -}}
{{- $names := dict -}}
{{- $ids := dict -}}
{{- $vpcs := dict -}}
{{- $addresses := dict -}}
{{- $known := list -}}
{{- range $i, $instance := (index . 2).instances -}}
  {{- $path := printf "%s.instances[%d]" $endpoint $i -}}
  {{- $known = append $known .name -}}
  {{- if eq .name "privatezone" -}}
    {{- printf "config.%s.name: %q: is the switch's word for following PrivateZone: choose another name\n" $path .name -}}
  {{- end -}}
  {{- include "registry-failover.claim" (list $names (printf "%s.name" $path) .name "give each instance a name of its own") -}}
  {{- include "registry-failover.claim" (list $ids (printf "%s.id" $path) .id "configure each instance once") -}}
  {{- if .internalAddresses -}}
    {{- range $n, $address := .internalAddresses -}}
      {{- $at := printf "%s.internalAddresses[%d]" $path $n -}}
      {{- with include "registry-failover.addressMistake" $address -}}
        {{- printf "config.%s: %q: %s\n" $at $address . -}}
      {{- end -}}
      {{- include "registry-failover.claim" (list $addresses $at (include "registry-failover.unmapped" $address) "an address leads to one instance") -}}
    {{- end -}}
  {{- else if and (eq $source "API") .vpcID -}}
    {{- include "registry-failover.claim" (list $vpcs (printf "%s.vpcID" $path) .vpcID "one zone can't hold two internal addresses: set internalAddresses on one of the instances") -}}
  {{- else if and (eq .network "internal") (eq $source "API") -}}
    {{- printf "config.%s.vpcID: needed to find the internal address: name the VPC whose zone holds it, or set internalAddresses\n" $path -}}
  {{- else if eq .network "internal" -}}
    {{- printf "config.%s.internalAddresses: privateZone.source VPCDNS can't look up an internal address: fix it here, or set network to public\n" $path -}}
  {{- end -}}
{{- end -}}
{{- if not (has $primary $known) -}}
  {{- printf "config.%s.primary: %q: is no instance of this endpoint: must be %s\n" $endpoint $primary (include "registry-failover.oneOf" $known) -}}
{{- end -}}
{{- end }}

{{/* An address in lowercase; of IPv6 that holds one of IPv4, that. */}}
{{- define "registry-failover.unmapped" -}}
{{- regexReplaceAll (printf "^[0:]*:ffff:(%s)$" (include "registry-failover.ipv4" .)) (lower .) "${1}" -}}
{{- end }}

{{/*
Why an address can't be an instance's, as zone.CheckAddr says it, or nothing.
The schema has checked the form of IPv6.
*/}}
{{- define "registry-failover.addressMistake" -}}
{{- $address := include "registry-failover.unmapped" . -}}
{{- $why := "" -}}
{{- if not (or (contains ":" $address) (regexMatch (printf "^%s$" (include "registry-failover.ipv4" .)) $address)) -}}
  is no IP address: write one such as 10.1.0.10
{{- else if contains "%" $address }}{{ $why = "has an IPv6 zone" -}}
{{- else if regexMatch `^(0\.0\.0\.0|[0:]+)$` $address }}{{ $why = "is the unspecified address" -}}
{{- else if regexMatch `^(127\.|[0:]*:0{0,3}1$)` $address }}{{ $why = "is a loopback address" -}}
{{- else if regexMatch `^(169\.254\.|fe[89ab][0-9a-f]:)` $address }}{{ $why = "is a link-local address" -}}
{{- else if regexMatch `^((22[4-9]|23\d)\.|255\.255\.255\.255$|ff[0-9a-f]{2}:)` $address }}{{ $why = "is a multicast or broadcast address" -}}
{{- else if hasPrefix "100.100." $address }}{{ $why = "is in 100.100.0.0/16, which the cloud keeps for its own services" -}}
{{- end -}}
{{- with $why }}{{ . }}: write the instance's address in its VPC{{ end -}}
{{- end }}
