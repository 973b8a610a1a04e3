{{/*
The rewriting of pkg/rewrite, internal/podimages and internal/admission in CEL, as
the variables of a policy: changed are the images to be rewritten, each with
its field, endpoint and rest, and originals is the annotation's text.
*/}}
{{- define "registry-failover.podVariables" -}}
{{- $annotation := quote "registry-failover.io/original-images" -}}
{{- $onUpdate := dig "admission" "onUpdate" false .Values.config -}}
- name: endpoints
  expression: '{{ include "registry-failover.endpointNames" .Values.config.endpoints }}'
# Each source host with the number of its endpoint: an expression has at most 100,000 characters.
- name: hosts
  expression: '{{ include "registry-failover.endpointByHost" . }}'
- name: annotations
  expression: 'has(object.metadata.annotations) ? object.metadata.annotations : {}'
# Every image, and those of the annotation that an earlier pass has written.
- name: images
  expression: |-
    (has(request.subResource) ? [] :
      {{- include "registry-failover.containerImages" (list "initContainers" $onUpdate) | nindent 6 }}
      + {{- include "registry-failover.containerImages" (list "containers" $onUpdate) | nindent 6 }}
      + (has(object.spec.volumes) ? object.spec.volumes : []).transformList(i, v, has(v.image) && has(v.image.reference), {
        "field": "spec.volumes[" + string(i) + "].image.reference",
        "image": string(v.image.reference),
        "from": has(v.image.pullPolicy) && v.image.pullPolicy == "Never"
        {{- if $onUpdate }}
          || request.operation == "UPDATE" && has(oldObject.spec.volumes) && oldObject.spec.volumes.exists(o, o.name == v.name && has(o.image) && has(o.image.reference) && o.image.reference == v.image.reference)
        {{- end }} ? "left" : "pod"
      })
    )
    + {{- include "registry-failover.containerImages" (list "ephemeralContainers" true) | nindent 4 }}
- name: recorded
  expression: |-
    {{ $annotation }} in variables.annotations
    ? variables.annotations[{{ $annotation }}].findAll("\"spec[.][a-zA-Z]+\\[[0-9]+\\][.]image([.]reference)?\":\"[^\"]*\"").map(e, {
      "field": e.substring(1, e.indexOf("\":\"")),
      "image": e.substring(e.indexOf("\":\"") + 3, e.size() - 1),
      "from": "annotation"
    })
    : []
# Those on a source host that are references, by the grammar of github.com/distribution/reference.
- name: sources
  expression: |-
    (variables.images.filter(f, f.from == "pod") + variables.recorded)
    .filter(f, f.image.split("/", 2)[0].lowerAscii() in variables.hosts && f.image.matches({{ include "registry-failover.referenceRegexp" . | toJson }}))
    .map(f, {
      "field": f.field,
      "image": f.image,
      "from": f.from,
      "endpoint": variables.endpoints[variables.hosts[f.image.split("/", 2)[0].lowerAscii()]],
      "rest": f.image.substring(f.image.indexOf("/")),
      "repository": f.image.substring(f.image.indexOf("/") + 1).find("^[^:@]+")
    })
- name: rewritten
  expression: |-
    variables.sources.filter(f, f.repository.size() <= 255
    {{- range .Values.config.endpoints }}
      {{- $chooses := dig "rewrite" "repositories" dict . | include "registry-failover.choosesRepository" }}
      {{- if ne $chooses "true" }}
      && (f.endpoint != {{ quote .name }} || {{ $chooses }})
      {{- end }}
    {{- end }}
    )
- name: changed
  expression: 'variables.rewritten.filter(f, f.from == "pod")'
- name: earlier
  expression: 'variables.rewritten.filter(f, f.from == "annotation")'
# As internal/admission writes it. Between two passes a container may have come
# in front of others, so that what was recorded stands under another's path.
- name: originals
  expression: |-
    "{" + (
      variables.changed.map(f, "\"" + f.field + "\":\"" + f.image + "\"")
      + variables.images.filter(f, variables.earlier.exists(e, e.endpoint + e.rest == f.image)).map(f, "\"" + f.field + "\":\"" + (
          variables.earlier.filter(e, e.endpoint + e.rest == f.image && e.field != f.field)
          + variables.earlier.filter(e, e.endpoint + e.rest == f.image && e.field == f.field)
        ).reverse()[0].image + "\"")
    ).sort().join(",") + "}"
{{- end }}

{{/* The images of a list of containers. Call with (list "containers" whether those of the old object are left alone). */}}
{{- define "registry-failover.containerImages" -}}
{{- $list := index . 0 -}}
(has(object.spec.{{ $list }}) ? object.spec.{{ $list }} : []).transformList(i, c, has(c.image), {
  "field": "spec.{{ $list }}[" + string(i) + "].image",
  "image": string(c.image),
  "from": has(c.imagePullPolicy) && c.imagePullPolicy == "Never"
  {{- if index . 1 }}
    || request.operation == "UPDATE" && has(oldObject.spec.{{ $list }}) && oldObject.spec.{{ $list }}.exists(o, o.name == c.name && has(o.image) && o.image == c.image)
  {{- end }} ? "left" : "pod"
})
{{- end }}

{{/* From each source host in lowercase to the number of its endpoint, as JSON. */}}
{{- define "registry-failover.endpointByHost" -}}
{{- $hosts := dict -}}
{{- range $i, $endpoint := .Values.config.endpoints -}}
  {{- range include "registry-failover.sourceHosts" (list .) | fromJsonArray -}}
    {{- $_ := set $hosts . $i -}}
  {{- end -}}
{{- end -}}
{{- toJson $hosts -}}
{{- end }}

{{/*
A reference with a host. A first element is one if it has a dot, a colon or an
uppercase letter, or is localhost.
*/}}
{{- define "registry-failover.referenceRegexp" -}}
{{- $element := `[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*` -}}
^([^/]*[A-Z.:][^/]*|localhost)(/{{ $element }})+(:\w[\w.-]{0,127})?(@sha(256:[a-f0-9]{64}|384:[a-f0-9]{96}|512:[a-f0-9]{128}))?$
{{- end }}
