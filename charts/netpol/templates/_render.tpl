{{/*
The whole of it: prints the policies, or notes in `found` what is wrong. Called with a rendering of its own:
`values`, the language's `records`, `any` (the chart's own profile and standard) and the `labels` as YAML.
*/}}
{{- define "netpol.render" -}}
{{- $s := . -}}
{{- $_ := set $s "found" dict -}}
{{- $_ := set $s "acted_on" (printf "^([^/]*\\.)?(%s)/" (join "|" $s.acted_on_domains | replace "." "\\.")) -}}
{{- $_ := set $s "checked" (dict "Expression" 1 "Peer" 1 "IngressRule" 1 "EgressRule" 1 "Workload" 1 "NamespaceSpec" 1) -}}
{{- template "netpol.top" $s -}}
{{- template "netpol.profile" $s -}}
{{- $standard := dict "s" $s "step" "standard" "rank" 2 "kids" dict -}}
{{- $_ := set $standard "raw" (ternary $s.any.standard $s.values.standard (kindIs "invalid" $s.values.standard)) -}}
{{- $shape := dict "is" "record" "name" "NamespaceSpec" -}}
{{- $all := dict "s" $s "step" "namespaces" "rank" 3 -}}
{{- $listed := 0 -}}
{{- if not (kindIs "map" $standard.raw) -}}
{{- $_ := set $standard "shape" $shape -}}
{{- template "netpol.read" $standard -}}
{{- else if and $s.values.namespaces (not (kindIs "map" $s.values.namespaces)) -}}
{{- $says := print "this must be a map of names, found " (include "netpol.kind" $s.values.namespaces) -}}
{{- template "netpol.note" (dict "at" $all "says" $says "hint" "write `NAME: …` for each") -}}
{{- else -}}
{{- range $name, $differs := default dict $s.values.namespaces -}}
{{- if not (and (kindIs "bool" $differs) (not $differs)) -}}
{{- $listed = add1 $listed -}}
{{- $named := dict "s" $s "up" $all "step" $name "raw" $name -}}
{{- template "netpol.read.Name" $named -}}
{{- $differs = ternary dict $differs (kindIs "invalid" $differs) -}}
{{- $node := dict "s" $s "up" $all "step" $name "shape" $shape "raw" $differs -}}
{{- if kindIs "map" $differs -}}
{{- $_ := set $node "memo" $standard -}}
{{- if $differs -}}{{- $_ := set $node "touched" $differs -}}{{- end -}}
{{- $merged := dict "records" $s.records "shape" $shape "base" $standard.raw "over" $differs -}}
{{- template "netpol.merge" $merged -}}
{{- $_ := set $node "raw" $merged.value -}}
{{- end -}}
{{- template "netpol.read" $node -}}
{{- if not (or $named.wrong $node.wrong (not (hasKey $s "profile"))) -}}
{{- template "netpol.namespace" (dict "s" $s "name" $name "spec" $node.value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not $listed -}}
{{- $hint := "name each under `namespaces`, as `shop: {}`; a release without one would remove every policy" -}}
{{- template "netpol.note" (dict "at" $all "says" "there is no namespace to expand" "hint" $hint) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Notes each top-level key that the chart does not have (`global` is Helm's own, `enabled` is for the `condition` of an
umbrella chart), an `enabled` that is not true, and what is wrong with `test`.
*/}}
{{- define "netpol.top" -}}
{{- $s := . -}}
{{- $known := .records.ChartValues.keys -}}
{{- range $key := keys .values -}}
{{- if not (has $key (concat $known (list "global" "enabled"))) -}}
{{- $otherwise := print "the keys are " (include "netpol.listed" $known) -}}
{{- $hint := include "netpol.suggest" (dict "word" $key "known" $known "otherwise" $otherwise) -}}
{{- template "netpol.note" (dict "at" (dict "s" $s "step" $key) "says" (print "unknown key " (include "netpol.shown" $key)) "hint" $hint) -}}
{{- end -}}
{{- end -}}
{{- if not (or (kindIs "invalid" .values.enabled) (eq (toJson .values.enabled) "true")) -}}
{{- $says := print "this must be `true`, found " (include "netpol.shown" .values.enabled) ": the chart is rendered all the same" -}}
{{- $hint := "only the `condition` of an umbrella chart (`netpol.enabled`) turns the chart off; else remove `enabled`, and uninstall the release" -}}
{{- template "netpol.note" (dict "at" (dict "s" $s "step" "enabled") "says" $says "hint" $hint) -}}
{{- end -}}
{{- if not (kindIs "invalid" .values.test) -}}
{{- template "netpol.read" (dict "s" . "step" "test" "raw" .values.test "shape" (dict "is" "record" "name" "ChartTest")) -}}
{{- end -}}
{{- end -}}

{{/*
Sets `profile`, unless it is wrong. The chart's own peers are added to the profile's where the standard is the chart's
own too, which names them; a standard that people wrote knows their peers alone.
*/}}
{{- define "netpol.profile" -}}
{{- $written := ternary dict .values.profile (kindIs "invalid" .values.profile) -}}
{{- if and (kindIs "invalid" .values.standard) (kindIs "map" $written) -}}
{{- $peers := default dict $written.peers -}}
{{- if kindIs "map" $peers -}}
{{- $both := dict -}}
{{- range $name, $peer := .any.profile.peers -}}{{- $_ := set $both $name $peer -}}{{- end -}}
{{- range $name, $peer := $peers -}}{{- $_ := set $both $name $peer -}}{{- end -}}
{{- $beside := dict "peers" $both -}}
{{- range $key, $value := $written -}}{{- if ne $key "peers" -}}{{- $_ := set $beside $key $value -}}{{- end -}}{{- end -}}
{{- $written = $beside -}}
{{- end -}}
{{- end -}}
{{- $node := dict "s" . "step" "profile" "rank" 1 "raw" $written "shape" (dict "is" "record" "name" "ProfileSpec") -}}
{{- template "netpol.read" $node -}}
{{- if not $node.wrong -}}
{{- $_ := set . "profile" $node.value -}}
{{- template "netpol.peers" . -}}
{{- end -}}
{{- end -}}

{{/*
Sets `value` to `base` with `over` merged in key by key. `null` removes what is there. `false` removes what has a name, and
what is said about it; it lifts no limit (ports, labels, who is meant): there it stays, to be refused, for it may be
a label's value that lacks its quotes. `shape` is that of both, and nothing inside of a limit.
*/}}
{{- define "netpol.merge" -}}
{{- $merge := . -}}
{{- $value := dict -}}
{{- range $key, $item := .base -}}{{- $_ := set $value $key $item -}}{{- end -}}
{{- range $key, $item := .over -}}
{{- $there := index $value $key -}}
{{- $inner := dict "records" $merge.records "base" $there "over" $item -}}
{{- template "netpol.merge.shape" (dict "of" $merge "key" $key "to" $inner) -}}
{{- if and (kindIs "map" $item) (kindIs "map" $there) -}}
{{- template "netpol.merge" $inner -}}
{{- $_ := set $value $key $inner.value -}}
{{- else if and (hasKey $value $key) (or (kindIs "invalid" $item) (and $inner.shape (kindIs "bool" $item) (not $item))) -}}
{{- $_ := unset $value $key -}}
{{- else -}}
{{- $_ := set $value $key $item -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "value" $value -}}
{{- end -}}

{{/* Sets the shape of what is below `key`, unless it is a limit: a list of what is allowed, or a selector. */}}
{{- define "netpol.merge.shape" -}}
{{- with .of.shape -}}
{{- $shape := .of -}}
{{- if eq .is "record" -}}{{- $shape = dig $.key "shape" dict (index $.of.records .name).fields -}}{{- end -}}
{{- if and $shape (not (has $shape.is (list "several" "selector"))) -}}{{- $_ := set $.to "shape" $shape -}}{{- end -}}
{{- end -}}
{{- end -}}
