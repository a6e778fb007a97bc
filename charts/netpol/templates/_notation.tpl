{{/*
The small notations: names, labels, ports, dates, text. Each sets `value`, or refuses what the API server would refuse.
The limits are those of k8s.io/apimachinery/pkg/util/validation.
*/}}

{{/* Refuses what is no text, calling it `what`; YAML reads an unquoted 443 or true as something else. */}}
{{- define "netpol.text" -}}
{{- if not (kindIs "string" .at.raw) -}}
{{- $hint := "" -}}
{{- if not (or (kindIs "invalid" .at.raw) (kindIs "map" .at.raw) (kindIs "slice" .at.raw)) -}}
{{- $hint = printf "write \"%s\" in quotes" (include "netpol.shown" .at.raw | trimAll "`") -}}
{{- end -}}
{{- $says := printf "%s must be text, found %s" .what (include "netpol.kind" .at.raw) -}}
{{- template "netpol.refuse" (dict "at" .at "says" $says "hint" $hint) -}}
{{- end -}}
{{- end -}}

{{/* A field that resources have and values have not. */}}
{{- define "netpol.read.NoValue" -}}
{{- $hint := "`bulkhead values` writes the blocks of a provider as `cidr`" -}}
{{- template "netpol.refuse" (dict "at" . "says" (printf "`%s` is no value of the chart, which has no pinned ranges" .step) "hint" $hint) -}}
{{- end -}}

{{/* Free text, at least one character, without the white space around it. */}}
{{- define "netpol.read.Text" -}}
{{- template "netpol.text" (dict "at" . "what" "this") -}}
{{- if and (not .failed) (regexMatch "^[!-~]([ -~]*[!-~])?$" .raw) -}}{{- /* what nearly all of it is */ -}}
{{- $_ := set . "value" .raw -}}
{{- else if not .failed -}}
{{- $blank := "[\\s\\x0b\\x1c-\\x1f\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]+" -}}
{{- $word := regexReplaceAll (printf "^%s|%s$" $blank $blank) .raw "" -}}
{{- $wrong := regexFind "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x{9f}\\x{2028}\\x{2029}\\x{feff}\\x{fffe}\\x{ffff}]" $word -}}
{{- if not $word -}}
{{- template "netpol.refuse" (dict "at" . "says" "the text is empty" "hint" "write a few words, or leave the key out") -}}
{{- else if $wrong -}}
{{- $wide := dict "E280A8" "2028" "E280A9" "2029" "EFBBBF" "FEFF" "EFBFBE" "FFFE" "EFBFBF" "FFFF" -}}
{{- $bytes := printf "%X" $wrong -}}
{{- $code := print "U+" (default (print "00" (regexFind "..$" $bytes)) (index $wide $bytes)) -}}
{{- template "netpol.refuse" (dict "at" . "says" (print "the text holds the control character " $code) "hint" "take it out") -}}
{{- else -}}
{{- $_ := set . "value" $word -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A name that becomes part of an object's name: an RFC 1123 label. */}}
{{- define "netpol.read.Name" -}}
{{- template "netpol.text" (dict "at" . "what" "a name") -}}
{{- if not .failed -}}
{{- if and (le (len .raw) 63) (regexMatch "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" .raw) -}}
{{- $_ := set . "value" .raw -}}
{{- else -}}
{{- $letters := len (regexFindAll "(?s)." .raw -1) -}}
{{- if gt $letters 63 -}}
{{- $says := printf "name %s has %d characters" (include "netpol.shown" .raw) $letters -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" "use at most 63") -}}
{{- else -}}
{{- $hint := "use small letters, digits and `-`, beginning and ending with a letter or digit" -}}
{{- template "netpol.refuse" (dict "at" . "says" (printf "name %s is not valid" (include "netpol.shown" .raw)) "hint" $hint) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A day, YYYY-MM-DD; an unquoted one may arrive as a point in time. */}}
{{- define "netpol.read.Date" -}}
{{- template "netpol.text" (dict "at" . "what" "a date") -}}
{{- if not .failed -}}
{{- $word := trimSuffix "T00:00:00Z" .raw -}}
{{- if not (regexMatch "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" $word) -}}
{{- $says := printf "%s is not a date" (include "netpol.shown" $word) -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" "write it as `YYYY-MM-DD`") -}}
{{- else if or (hasPrefix "0000" $word) (ne (toDate "2006-01-02" $word | date "2006-01-02") $word) -}}
{{- $says := printf "%s is not in the calendar" (include "netpol.shown" $word) -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" "write it as `YYYY-MM-DD`") -}}
{{- else -}}
{{- $_ := set . "value" $word -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A label's value: empty, or at most 63 letters, digits, `-`, `_` and `.`. */}}
{{- define "netpol.read.LabelValue" -}}
{{- template "netpol.text" (dict "at" . "what" "a label's value") -}}
{{- if not .failed -}}
{{- $letters := len (regexFindAll "(?s)." .raw -1) -}}
{{- if gt $letters 63 -}}
{{- $says := printf "label value %s has %d characters" (include "netpol.shown" .raw) $letters -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" "use at most 63") -}}
{{- else if not (regexMatch "^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$" .raw) -}}
{{- $hint := "use letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit" -}}
{{- template "netpol.refuse" (dict "at" . "says" (printf "label value %s is not valid" (include "netpol.shown" .raw)) "hint" $hint) -}}
{{- else -}}
{{- $_ := set . "value" .raw -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A label's key: a name of at most 63 characters, behind an optional DNS name and `/`. */}}
{{- define "netpol.read.LabelKey" -}}
{{- template "netpol.text" (dict "at" . "what" "a label's key") -}}
{{- if not .failed -}}
{{- $part := "[a-z0-9]([a-z0-9-]*[a-z0-9])?" -}}
{{- $key := printf "^((%s(\\.%s)*)/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$" $part $part -}}
{{- if or (not (regexMatch $key .raw)) (gt (len (splitList "/" .raw | last)) 63) (gt (len (regexFind "^[^/]*/" .raw)) 254) -}}
{{- $hint := "write `name` or `dns.prefix/name`: letters, digits, `-`, `_` and `.`, at most 63 characters after the `/`" -}}
{{- template "netpol.refuse" (dict "at" . "says" (printf "label key %s is not valid" (include "netpol.shown" .raw)) "hint" $hint) -}}
{{- else -}}
{{- $_ := set . "value" .raw -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* `true` or `false`. */}}
{{- define "netpol.read.Flag" -}}
{{- if kindIs "bool" .raw -}}
{{- $_ := set . "value" .raw -}}
{{- else -}}
{{- $says := printf "%s is neither `true` nor `false`" (include "netpol.shown" .raw) -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" "write `true` or `false`") -}}
{{- end -}}
{{- end -}}

{{/* A port, `443`, `53/UDP`, `8000-8010`, `http`, or `UDP` for all of its ports, as the NetworkPolicy's own entry. */}}
{{- define "netpol.read.Port" -}}
{{- $number := and (kindIs "float64" .raw) (eq .raw (floor .raw)) -}}
{{- if not (or $number (kindIs "string" .raw) (kindIs "int64" .raw) (kindIs "int" .raw)) -}}
{{- $says := print "a port cannot be " (ternary "`null`" (include "netpol.kind" .raw) (kindIs "invalid" .raw)) -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" "write `443`, `53/UDP`, `8000-8010` or `http`") -}}
{{- else -}}
{{- $whole := include "netpol.word" .raw -}}
{{- $parts := splitList "/" $whole -}}
{{- $word := first $parts -}}
{{- $protocol := rest $parts | join "/" -}}
{{- if has $whole (list "TCP" "UDP" "SCTP") -}}
{{- $_ := set . "value" (dict "protocol" $whole) -}}
{{- else if and (gt (len $parts) 1) (not (has $protocol (list "TCP" "UDP" "SCTP"))) -}}
{{- $known := has (upper $protocol) (list "TCP" "UDP" "SCTP") -}}
{{- $hint := ternary (printf "write `%s/%s`" $word (upper $protocol)) "write `TCP`, `UDP` or `SCTP` after the `/`" $known -}}
{{- $says := printf "unknown protocol %s in port %s" (include "netpol.shown" $protocol) (include "netpol.shown" .raw) -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" $hint) -}}
{{- else -}}
{{- template "netpol.port" (dict "at" . "word" $word "protocol" (default "TCP" $protocol)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The part of a port before its protocol. */}}
{{- define "netpol.port" -}}
{{- $word := .word -}}
{{- $number := atoi $word -}}
{{- if and (eq (toString $number) $word) (ge $number 1) (le $number 65535) -}}
{{- $_ := set .at "value" (dict "protocol" .protocol "port" $number) -}}
{{- else if regexMatch "^[0-9]+-[0-9]+$" $word -}}
{{- $bounds := splitList "-" $word -}}
{{- $low := include "netpol.number" (first $bounds) -}}
{{- $high := include "netpol.number" (last $bounds) -}}
{{- if not (and $low $high) -}}
{{- template "netpol.refuse" (dict "at" .at "says" (printf "port %s is out of range" (include "netpol.shown" $word)) "hint" "use 1 to 65535") -}}
{{- else if gt (atoi $low) (atoi $high) -}}
{{- $hint := printf "write `%s-%s`" (last $bounds) (first $bounds) -}}
{{- template "netpol.refuse" (dict "at" .at "says" (printf "port range `%s` ends before it begins" $word) "hint" $hint) -}}
{{- else -}}
{{- $_ := set .at "value" (dict "protocol" .protocol "port" (atoi $low)) -}}
{{- if ne $low $high -}}{{- $_ := set .at.value "endPort" (atoi $high) -}}{{- end -}}
{{- end -}}
{{- else if regexMatch "^[+-]*[0-9]+$" $word -}}
{{- $number := include "netpol.number" $word -}}
{{- if $number -}}
{{- $_ := set .at "value" (dict "protocol" .protocol "port" (atoi $number)) -}}
{{- else -}}
{{- template "netpol.refuse" (dict "at" .at "says" (printf "port %s is out of range" (include "netpol.shown" $word)) "hint" "use 1 to 65535") -}}
{{- end -}}
{{- else if or (gt (len $word) 15) (not (regexMatch "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" $word)) (contains "--" $word) (not (regexMatch "[a-z]" $word)) -}}
{{- $hint := "write a number, a range `8000-8010` or a container port's name (at most 15 small letters, digits and `-`)" -}}
{{- template "netpol.refuse" (dict "at" .at "says" (printf "%s is not a port" (include "netpol.shown" $word)) "hint" $hint) -}}
{{- else -}}
{{- $_ := set .at "value" (dict "protocol" .protocol "port" $word) -}}
{{- end -}}
{{- end -}}

{{/* The number from 1 to 65535 that up to five digits say, in plain digits; nothing where they say none. */}}
{{- define "netpol.number" -}}
{{- if regexMatch "^[0-9]{1,5}$" . -}}
{{- $number := atoi . -}}
{{- if and (ge $number 1) (le $number 65535) -}}{{- $number -}}{{- end -}}
{{- end -}}
{{- end -}}
