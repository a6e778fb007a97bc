{{/*
Reading: raw values to what the rules mean, guided by the language (files/language.json) alone.

A node to read has `raw` and `shape`. Afterwards it has `value`, or `failed`; `wrong` says that something was noted
at it or below. `memo` is the same place in the standard (itself a node, with `kids`) and `touched` what a
namespace changes there: what it leaves alone is read once for all namespaces.
*/}}

{{/* Reads a node. */}}
{{- define "netpol.read" -}}
{{- if and .memo (not (hasKey . "touched")) -}}
{{- if not .memo.read -}}
{{- $_ := set .memo "read" true -}}
{{- $_ := set .memo "raw" .raw -}}
{{- $_ := set .memo "shape" .shape -}}
{{- $_ := include (print "netpol.read." .shape.is) .memo -}}
{{- end -}}
{{- if .memo.failed -}}{{- $_ := set . "failed" true -}}{{- else -}}{{- $_ := set . "value" .memo.value -}}{{- end -}}
{{- if .memo.wrong -}}{{- $_ := set . "wrong" true -}}{{- end -}}
{{- else -}}
{{- $_ := include (print "netpol.read." .shape.is) . -}}
{{- end -}}
{{- end -}}

{{/* Notes a problem at a node or at `step` below it, and that the node cannot be read. */}}
{{- define "netpol.refuse" -}}
{{- template "netpol.note" . -}}
{{- $_ := set .at "failed" true -}}
{{- $_ := set .at "wrong" true -}}
{{- end -}}

{{/* Makes `child` of the node `of`: its entry `key`, with `raw` and `shape`. */}}
{{- define "netpol.child" -}}
{{- $child := dict "s" .of.s "up" .of "step" .key "raw" .raw "shape" .shape -}}
{{- $memo := ternary .of .of.memo (hasKey .of "kids") -}}
{{- if $memo -}}
{{- if not (hasKey $memo.kids .key) -}}
{{- $_ := set $memo.kids .key (dict "s" .of.s "up" $memo "step" .key "kids" dict) -}}
{{- end -}}
{{- $_ := set $child "memo" (index $memo.kids .key) -}}
{{- if and (kindIs "map" .of.touched) (hasKey .of.touched .key) -}}
{{- $_ := set $child "touched" (index .of.touched .key) -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "child" $child -}}
{{- end -}}

{{/* A map with the keys of a record. */}}
{{- define "netpol.read.record" -}}
{{- $node := . -}}
{{- $record := index .s.records .shape.name -}}
{{- if not (kindIs "map" .raw) -}}
{{- $says := print "this must be a map, found " (include "netpol.kind" .raw) -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" (print "its keys are " (include "netpol.listed" $record.keys))) -}}
{{- else -}}
{{- $made := dict -}}
{{- range $key, $item := .raw -}}
{{- $field := index $record.fields $key -}}
{{- if not $field -}}
{{- template "netpol.unknown" (dict "at" $node "key" $key "known" $record.keys) -}}
{{- else if kindIs "invalid" $item -}}
{{- if $field.narrows -}}
{{- $hint := printf "leave `%s` out if that is meant, or write the value" $key -}}
{{- template "netpol.refuse" (dict "at" $node "step" $key "says" (printf "`%s` has no value" $key) "hint" $hint) -}}
{{- end -}}
{{- else if not (and (kindIs "bool" $item) (not $item) (eq $field.shape.is "mapping") (not $field.narrows)) -}}
{{- $new := dict "of" $node "key" $key "raw" $item "shape" $field.shape -}}
{{- template "netpol.child" $new -}}
{{- template "netpol.read" $new.child -}}
{{- if $new.child.failed -}}{{- $_ := set $node "failed" true -}}{{- else -}}{{- $_ := set $made $key $new.child.value -}}{{- end -}}
{{- if $new.child.wrong -}}{{- $_ := set $node "wrong" true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key := $record.required -}}
{{- if kindIs "invalid" (index $node.raw $key) -}}
{{- $example := (index $record.fields $key).example -}}
{{- $hint := ternary (printf "write `%s: %s`, for example" $key $example) (printf "add `%s`" $key) (ne $example "") -}}
{{- template "netpol.refuse" (dict "at" $node "says" (printf "`%s` is missing" $key) "hint" $hint) -}}
{{- end -}}
{{- end -}}
{{- if not .failed -}}
{{- $_ := set . "value" $made -}}
{{- if hasKey .s.checked .shape.name -}}{{- $_ := include (print "netpol.check." .shape.name) . -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Notes that the record read `at` a node has no `key`, where it was written. */}}
{{- define "netpol.unknown" -}}
{{- $node := .at -}}
{{- if and (hasKey $node "memo") (not (hasKey (default dict $node.touched) .key)) -}}{{- $node = $node.memo -}}{{- end -}}
{{- $otherwise := print "the keys are " (include "netpol.listed" .known) -}}
{{- $hint := include "netpol.suggest" (dict "word" .key "known" .known "otherwise" $otherwise) -}}
{{- $field := get (dict "podSelector" "pods" "namespaceSelector" "namespaces" "ipBlock" "cidr") .key -}}
{{- if and $field (has $field .known) -}}{{- $hint = printf "did you mean `%s`?" $field -}}{{- end -}}
{{- $hosts := list "host" "hosts" "fqdn" "domain" "domains" "dnsName" "domainNames" "toFQDNs" -}}
{{- if and (has .key $hosts) (has "cidr" .known) -}}
{{- $hint = "a NetworkPolicy has no host names: pin the provider's `ranges`, use an egress proxy, or allow `internet` with a `why`" -}}
{{- end -}}
{{- template "netpol.note" (dict "at" $node "step" .key "says" (print "unknown key " (include "netpol.shown" .key)) "hint" $hint) -}}
{{- $_ := set .at "wrong" true -}}
{{- end -}}

{{/* A map keyed by name. `null` is no entry, and so is `false`, which survives where tools drop `null`. */}}
{{- define "netpol.read.mapping" -}}
{{- $node := . -}}
{{- if not (kindIs "map" .raw) -}}
{{- $says := print "this must be a map of names, found " (include "netpol.kind" .raw) -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" "write `NAME: …` for each") -}}
{{- else -}}
{{- $made := dict -}}
{{- $labels := eq .shape.of.is "LabelValue" -}}
{{- range $key, $item := .raw -}}
{{- $name := dict "s" $node.s "up" $node "step" $key "raw" $key -}}
{{- $_ := include (print "netpol.read." $node.shape.key.is) $name -}}
{{- if $name.failed -}}{{- $_ := set $node "failed" true -}}{{- $_ := set $node "wrong" true -}}{{- end -}}
{{- $gone := or (kindIs "invalid" $item) (and (kindIs "bool" $item) (not $item)) -}}
{{- if or $labels (not $gone) -}}
{{- $new := dict "of" $node "key" $key "raw" $item "shape" $node.shape.of -}}
{{- template "netpol.child" $new -}}
{{- template "netpol.read" $new.child -}}
{{- if $new.child.failed -}}{{- $_ := set $node "failed" true -}}{{- else -}}{{- $_ := set $made $key $new.child.value -}}{{- end -}}
{{- if $new.child.wrong -}}{{- $_ := set $node "wrong" true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if not .failed -}}{{- $_ := set . "value" $made -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/* One value or a list of them; never an empty list, for a list is who is allowed. */}}
{{- define "netpol.read.several" -}}
{{- $node := . -}}
{{- if not (kindIs "slice" .raw) -}}
{{- $one := dict "s" .s "up" .up "step" .step "raw" .raw "shape" .shape.of -}}
{{- template "netpol.read" $one -}}
{{- if $one.failed -}}{{- $_ := set . "failed" true -}}{{- else -}}{{- $_ := set . "value" (list $one.value) -}}{{- end -}}
{{- if $one.wrong -}}{{- $_ := set . "wrong" true -}}{{- end -}}
{{- else if not .raw -}}
{{- $hint := "write at least one, or remove the key" -}}
{{- if has .step (list "from" "to") -}}{{- $hint = "name at least one peer, or remove the rule with `null`" -}}{{- end -}}
{{- if eq .step "ports" -}}{{- $hint = "leave `ports` out" -}}{{- end -}}
{{- template "netpol.refuse" (dict "at" . "says" "the list is empty" "hint" $hint) -}}
{{- else -}}
{{- $made := list -}}
{{- range $i, $item := .raw -}}
{{- $one := dict "s" $node.s "up" $node "step" $i "raw" $item "shape" $node.shape.of -}}
{{- template "netpol.read" $one -}}
{{- if $one.failed -}}{{- $_ := set $node "failed" true -}}{{- else -}}{{- $made = append $made $one.value -}}{{- end -}}
{{- if $one.wrong -}}{{- $_ := set $node "wrong" true -}}{{- end -}}
{{- end -}}
{{- if not .failed -}}{{- $_ := set . "value" (uniq $made) -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/* A record where there is a map, else the scalar. */}}
{{- define "netpol.read.union" -}}
{{- $address := and (kindIs "string" .raw) (eq .shape.scalar.is "Name") (regexMatch "^([0-9][0-9a-fA-F]*[./][0-9a-fA-F./]*|[0-9a-fA-F./]*:[0-9a-fA-F.:/]*)$" (toString .raw)) -}}
{{- if $address -}}
{{- $shown := include "netpol.shown" .raw -}}
{{- template "netpol.refuse" (dict "at" . "says" (printf "%s is not the name of a peer" $shown) "hint" (printf "write `{cidr: %s}`" (trimAll "`" $shown))) -}}
{{- else -}}
{{- $_ := set . "shape" (ternary .shape.record .shape.scalar (kindIs "map" .raw)) -}}
{{- template "netpol.read" . -}}
{{- end -}}
{{- end -}}

{{/* A selector in its short form, a map of labels, or in its long one. The value is the NetworkPolicy's own selector. */}}
{{- define "netpol.read.selector" -}}
{{- $label := dict "is" "mapping" "key" (dict "is" "LabelKey") "of" (dict "is" "LabelValue") -}}
{{- if and (kindIs "map" .raw) (not (hasKey .raw "matchLabels")) (not (hasKey .raw "matchExpressions")) -}}
{{- $_ := set . "shape" $label -}}
{{- template "netpol.read.mapping" . -}}
{{- if not .failed -}}{{- $_ := set . "value" (dict "matchLabels" .value) -}}{{- end -}}
{{- else -}}
{{- template "netpol.read.record" . -}}
{{- end -}}
{{- if and (not .failed) (not .value.matchLabels) -}}{{- $_ := unset .value "matchLabels" -}}{{- end -}}
{{- end -}}

{{/* One of a few words. */}}
{{- define "netpol.read.choice" -}}
{{- if and (kindIs "string" .raw) (has .raw .shape.words) -}}
{{- $_ := set . "value" .raw -}}
{{- else -}}
{{- $says := printf "%s is not one of %s" (include "netpol.kind" .raw) (include "netpol.listed" .shape.words) -}}
{{- $hint := include "netpol.suggest" (dict "word" (include "netpol.word" .raw) "known" .shape.words "otherwise" "") -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" $hint) -}}
{{- end -}}
{{- end -}}
