{{/*
CIDRs. An address is a list of numbers, `words`: four of 8 bits, or eight of 16. A CIDR has `text` (as it is printed),
`version` (4 or 6), `words` and `length`.
*/}}

{{/* A network, refused where it has host bits. */}}
{{- define "netpol.read.Cidr" -}}
{{- template "netpol.text" (dict "at" . "what" "a CIDR") -}}
{{- if not .failed -}}
{{- $parts := splitList "/" .raw -}}
{{- $digits := rest $parts | join "/" -}}
{{- $address := dict "word" (first $parts) -}}
{{- template "netpol.address" $address -}}
{{- $shown := include "netpol.shown" .raw -}}
{{- if not $address.version -}}
{{- template "netpol.refuse" (dict "at" . "says" (print $shown " is not a CIDR") "hint" "write `10.42.0.0/16` or `fd00::/8`") -}}
{{- else if eq (len $parts) 1 -}}
{{- $hint := printf "write `%s/%d` for the one host" .raw $address.bits -}}
{{- template "netpol.refuse" (dict "at" . "says" (print $shown " has no prefix length") "hint" $hint) -}}
{{- else if or (ne (atoi $digits | toString) $digits) (lt (atoi $digits) 0) (gt (atoi $digits) $address.bits) -}}
{{- $hint := printf "the prefix length is 0 to %d, in plain digits" $address.bits -}}
{{- template "netpol.refuse" (dict "at" . "says" (print $shown " is not a CIDR") "hint" $hint) -}}
{{- else -}}
{{- $host := include "netpol.spelt" $address.words -}}
{{- $network := dict "words" $address.words "length" (atoi $digits) -}}
{{- template "netpol.masked" $network -}}
{{- $first := include "netpol.spelt" $network.value -}}
{{- if ne $host $first -}}
{{- $hint := printf "write `%s/%s` for the network or `%s/%d` for the one host" $first $digits $host $address.bits -}}
{{- template "netpol.refuse" (dict "at" . "says" (printf "CIDR %s has host bits set" $shown) "hint" $hint) -}}
{{- else -}}
{{- $_ := set . "value" (dict "text" (print $first "/" $digits) "version" $address.version "words" $address.words "length" (atoi $digits)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Sets `version`, `bits` and `words` of the address `word`; no version where it is none. */}}
{{- define "netpol.address" -}}
{{- if not (contains ":" .word) -}}
{{- $words := dict "word" .word -}}
{{- template "netpol.octets" $words -}}
{{- if $words.value -}}
{{- $_ := set . "words" $words.value -}}{{- $_ := set . "version" 4 -}}{{- $_ := set . "bits" 32 -}}
{{- end -}}
{{- else -}}
{{- $word := .word -}}
{{- if contains "." $word -}}{{- /* the last two words may be written as an IPv4 address */ -}}
{{- $last := splitList ":" $word | last -}}
{{- $octets := dict "word" $last -}}
{{- template "netpol.octets" $octets -}}
{{- with $octets.value -}}
{{- $high := add (mul (index . 0) 256) (index . 1) -}}
{{- $low := add (mul (index . 2) 256) (index . 3) -}}
{{- $word = printf "%s%x:%x" (trimSuffix $last $word) $high $low -}}
{{- end -}}
{{- end -}}
{{- template "netpol.address.six" (dict "word" $word "to" .) -}}
{{- end -}}
{{- end -}}

{{/* Sets `value` to the four numbers of an IPv4 address, 0 to 255 in plain digits; nothing where it is none. */}}
{{- define "netpol.octets" -}}
{{- $words := list -}}
{{- $fine := true -}}
{{- range splitList "." .word -}}
{{- $number := atoi . -}}
{{- $fine = and $fine (ge $number 0) (le $number 255) -}}
{{- $words = append $words $number -}}
{{- end -}}
{{- if and $fine (eq (len $words) 4) (eq (join "." $words) .word) -}}{{- $_ := set . "value" $words -}}{{- end -}}
{{- end -}}

{{/* Sets them of an IPv6 address in hexadecimal, `::` representing one group or more; a mapped IPv4 address is none. */}}
{{- define "netpol.address.six" -}}
{{- $group := "[0-9a-f]{1,4}" -}}
{{- $groups := printf "(%s(:%s)*)?" $group $group -}}
{{- $word := lower .word -}}
{{- $halves := splitList "::" $word -}}
{{- $full := "" -}}
{{- if regexMatch (printf "^%s(:%s){7}$" $group $group) $word -}}
{{- $full = $word -}}
{{- else if and (eq (len $halves) 2) (regexMatch (printf "^%s::%s$" $groups $groups) $word) -}}
{{- $left := without (splitList ":" (first $halves)) "" -}}
{{- $right := without (splitList ":" (last $halves)) "" -}}
{{- $missing := int (sub 8 (add (len $left) (len $right))) -}}
{{- if gt $missing 0 -}}{{- $full = concat $left (splitList ":" (repeat $missing "0:" | trimSuffix ":")) $right | join ":" -}}{{- end -}}
{{- end -}}
{{- if $full -}}
{{- $value := dict "0" 0 "1" 1 "2" 2 "3" 3 "4" 4 "5" 5 "6" 6 "7" 7 "8" 8 "9" 9 "a" 10 "b" 11 "c" 12 "d" 13 "e" 14 "f" 15 -}}
{{- $words := list -}}
{{- range splitList ":" $full -}}
{{- $number := 0 -}}
{{- range splitList "" . -}}{{- $number = add (mul $number 16) (index $value .) -}}{{- end -}}
{{- $words = append $words (int $number) -}}
{{- end -}}
{{- if not (hasPrefix "0:0:0:0:0:65535:" (join ":" $words)) -}}
{{- $_ := set .to "words" $words -}}{{- $_ := set .to "version" 6 -}}{{- $_ := set .to "bits" 128 -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Sets `value` to `words` with the bits behind the first `length` ones cleared. */}}
{{- define "netpol.masked" -}}
{{- $length := .length -}}
{{- $width := ternary 8 16 (eq (len .words) 4) -}}
{{- $masked := list -}}
{{- range $i, $word := .words -}}
{{- $host := int (max 0 (min $width (sub (mul $width (add1 $i)) $length))) -}}
{{- $unit := index (list 1 2 4 8 16 32 64 128 256 512 1024 2048 4096 8192 16384 32768 65536) $host -}}
{{- $masked = append $masked (int (sub $word (mod $word $unit))) -}}
{{- end -}}
{{- $_ := set . "value" $masked -}}
{{- end -}}

{{/* `yes` where the first of two CIDRs holds every address of the second. */}}
{{- define "netpol.holds" -}}
{{- $whole := first . -}}
{{- $part := last . -}}
{{- if and (eq $whole.version $part.version) (le $whole.length $part.length) -}}
{{- $network := dict "words" $part.words "length" $whole.length -}}
{{- template "netpol.masked" $network -}}
{{- if eq (join "." $network.value) (join "." $whole.words) -}}yes{{- end -}}
{{- end -}}
{{- end -}}

{{/* The address of words: for IPv6 as RFC 5952 has it, `::` for the first of the longest runs of zeros. */}}
{{- define "netpol.spelt" -}}
{{- if eq (len .) 4 -}}
{{- join "." . -}}
{{- else -}}
{{- $groups := list -}}
{{- range . -}}{{- $groups = append $groups (printf "%x" .) -}}{{- end -}}
{{- $text := join ":" $groups -}}
{{- $zeros := "" -}}
{{- range $run := list 7 6 5 4 3 2 1 -}}
{{- if not $zeros -}}{{- $zeros = regexFind (printf "(^|:)0(:0){%d}(:|$)" $run) $text -}}{{- end -}}
{{- end -}}
{{- if $zeros -}}
{{- $parts := splitList $zeros $text -}}
{{- first $parts -}}::{{- rest $parts | join $zeros -}}
{{- else -}}
{{- $text -}}
{{- end -}}
{{- end -}}
{{- end -}}
