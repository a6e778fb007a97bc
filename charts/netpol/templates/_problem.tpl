{{/*
Problems: noted as values where they are found, explained together at the end. Nothing is rendered if there is one.

A node is a place in the values: `s` is the whole rendering, `step` the node's key or its position in a list,
`up` the node around it. A template returns a value by setting it on the dict that it is given.
*/}}

{{/* Notes at the node `at`, or at `step` below it, what is wrong (`says`) and what to write (`hint`). */}}
{{- define "netpol.note" -}}
{{- $at := .at -}}
{{- if hasKey . "step" -}}{{- $at = dict "s" .at.s "up" .at "step" .step -}}{{- end -}}
{{- $problem := dict "where" (include "netpol.where" $at) "says" .says "hint" (default "" .hint) -}}
{{- $_ := set $at.s.found (print (include "netpol.order" $at) "\x00" .says) $problem -}}
{{- end -}}

{{/* The path of a node as people write it: `namespaces.media.egress.nas.ports[0]`. */}}
{{- define "netpol.where" -}}
{{- if .up -}}{{- include "netpol.where" .up -}}{{- end -}}
{{- if kindIs "int" .step -}}
{{- printf "[%d]" .step -}}
{{- else if regexMatch "^[-_\\pL\\pN]*[\\pL\\pN][-_\\pL\\pN]*$" .step -}}
{{- if .up -}}.{{- end -}}{{- include "netpol.shortened" .step -}}
{{- else -}}
{{- printf "[\"%s\"]" (include "netpol.shortened" .step) -}}
{{- end -}}
{{- end -}}

{{/* What sorts the problems: by path, step by step, the profile first. */}}
{{- define "netpol.order" -}}
{{- if .up -}}{{- include "netpol.order" .up -}}{{- else -}}{{- default 9 .rank -}}{{- end -}}
{{- printf "%v\x00" .step -}}
{{- end -}}

{{/* All problems as one text, in order. */}}
{{- define "netpol.explained" -}}
{{- range $key := keys .found | sortAlpha -}}
{{- with index $.found $key }}
{{ .where }}: error: {{ .says }}
{{- if .hint }}
hint: {{ .hint }}
{{- end -}}
{{- end -}}
{{- end }}
netpol: nothing was rendered
{{- end -}}

{{/* A scalar as it was written, as far as Helm lets one know: 443 is a float by now. */}}
{{- define "netpol.word" -}}
{{- if kindIs "invalid" . -}}null
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}{{- printf "%.0f" . -}}
{{- else if or (kindIs "map" .) (kindIs "slice" .) -}}
{{- else -}}{{- print . -}}
{{- end -}}
{{- end -}}

{{/* The same, fit for a message: in backticks, one line, shortened. */}}
{{- define "netpol.shown" -}}
{{- printf "`%s`" (include "netpol.shortened" (include "netpol.word" .)) -}}
{{- end -}}

{{/* A text that somebody else wrote, fit for a message: one line of at most 60 characters. */}}
{{- define "netpol.shortened" -}}
{{- $line := regexReplaceAll "[^\\pL\\pM\\pN\\pP\\pS]+" . " " | trim -}}
{{- if regexMatch "^.{61}" $line -}}{{- $line = print (regexFind "^.{57}" $line) "..." -}}{{- end -}}
{{- $line -}}
{{- end -}}

{{/* What was found in the place of the expected value. */}}
{{- define "netpol.kind" -}}
{{- if kindIs "invalid" . -}}nothing
{{- else if kindIs "map" . -}}a map
{{- else if kindIs "slice" . -}}a list
{{- else -}}{{- include "netpol.shown" . -}}
{{- end -}}
{{- end -}}

{{/* A list of words in backticks. */}}
{{- define "netpol.listed" -}}
{{- range $i, $word := . -}}{{- if $i }}, {{ end -}}{{- printf "`%s`" $word -}}{{- end -}}
{{- end -}}

{{/* The hint for an unknown word: the nearest of the known ones, or all of them behind `otherwise`. */}}
{{- define "netpol.suggest" -}}
{{- $letters := regexFindAll "(?s)." .word -1 -}}
{{- $best := dict "word" "" "distance" (add1 (max 1 (div (len $letters) 3))) -}}
{{- range $candidate := sortAlpha .known -}}
{{- $other := regexFindAll "(?s)." $candidate -1 -}}
{{- $apart := sub (len $letters) (len $other) -}}
{{- if lt (max $apart (sub 0 $apart)) $best.distance -}}
{{- $edits := dict "left" $letters "right" $other -}}
{{- template "netpol.edits" $edits -}}
{{- if lt $edits.value $best.distance -}}{{- $_ := set $best "word" $candidate -}}{{- $_ := set $best "distance" $edits.value -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $best.word -}}{{- printf "did you mean `%s`?" $best.word -}}{{- else -}}{{- .otherwise -}}{{- end -}}
{{- end -}}

{{/* Sets `value` to the least number of insertions, deletions, changes and swaps of neighbours from `left` to `right`. */}}
{{- define "netpol.edits" -}}
{{- $left := .left -}}
{{- $right := .right -}}
{{- $older := list -}}
{{- $before := list -}}
{{- range $j := until (int (add1 (len $right))) -}}{{- $before = append $before (int64 $j) -}}{{- end -}}
{{- range $i, $a := $left -}}
{{- $row := list (int64 (add1 $i)) -}}
{{- range $j, $b := $right -}}
{{- $change := ternary 0 1 (eq $a $b) -}}
{{- $least := min (add1 (index $before (int (add1 $j)))) (add1 (index $row $j)) (add $change (index $before $j)) -}}
{{- if and $i $j -}}
{{- $p := int (sub $i 1) -}}
{{- $q := int (sub $j 1) -}}
{{- if and (eq $a (index $right $q)) (eq $b (index $left $p)) -}}{{- $least = min $least (add1 (index $older $q)) -}}{{- end -}}
{{- end -}}
{{- $row = append $row $least -}}
{{- end -}}
{{- $older = $before -}}
{{- $before = $row -}}
{{- end -}}
{{- $_ := set . "value" (int64 (last $before)) -}}
{{- end -}}
