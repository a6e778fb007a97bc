{{/* The labels of everything in the release. */}}
{{- define "netpol.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end -}}

{{/* A rendering of what this release was given; see netpol.render. */}}
{{- define "netpol.rendering" -}}
{{- $_ := set .to "values" .context.Values -}}
{{- $language := .context.Files.Get "files/language.json" | fromJson -}}
{{- $_ := set .to "records" $language.records -}}
{{- $_ := set .to "acted_on_domains" $language.actedOn -}}
{{- $_ := set .to "any" (.context.Files.Get "values/any.yaml" | fromYaml) -}}
{{- $_ := set .to "labels" (include "netpol.labels" .context) -}}
{{- end -}}
