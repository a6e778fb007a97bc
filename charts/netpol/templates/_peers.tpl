{{/* The named peers of a profile: what each name represents, in a NetworkPolicy's own terms. */}}

{{/*
Sets `peers` of the rendering: by name its `members`, `fine` where neither it nor what it leads to is wrong, and `flat`,
what it represents. Notes what is wrong with the profile itself: unknown names, circles, networks that it does not give.
*/}}
{{- define "netpol.peers" -}}
{{- $s := . -}}
{{- $_ := set $s "peers" (dict "everyone" (dict "members" (list (dict "everyone" true)) "fine" true)) -}}
{{- range $name, $members := default dict .profile.peers -}}
{{- $_ := set $s.peers $name (dict "members" $members "fine" true) -}}
{{- end -}}
{{- $at := dict "s" $s "up" (dict "s" $s "step" "profile" "rank" 1) "step" "peers" -}}
{{- range $name, $peer := .peers -}}
{{- template "netpol.circles" (dict "s" $s "peer" $peer) -}}
{{- $several := gt (len $peer.members) 1 -}}
{{- range $i, $member := $peer.members -}}
{{- $found := dict "s" $s "peer" $member -}}
{{- template "netpol.trouble" $found -}}
{{- if and (not $found.says) $peer.circular -}}
{{- $mine := dict -}}
{{- template "netpol.reach" (dict "s" $s "peer" $member "seen" $mine) -}}
{{- if hasKey $mine $name -}}
{{- $_ := set $found "says" (printf "peer `%s` refers to itself" $name) -}}
{{- $_ := set $found "hint" "write the peers without the name itself" -}}
{{- end -}}
{{- end -}}
{{- if $found.says -}}
{{- $_ := set $peer "fine" false -}}
{{- $place := dict "s" $s "up" $at "step" $name -}}
{{- if $several -}}{{- $place = dict "s" $s "up" $place "step" $i -}}{{- end -}}
{{- template "netpol.note" (dict "at" $place "says" $found.says "hint" $found.hint) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $peer := .peers -}}
{{- template "netpol.represent" (dict "s" $s "peer" $peer) -}}
{{- end -}}
{{- end -}}

{{/* Sets `circular` of a named `peer`: whether it leads to a name that refers to itself. Each name is looked at once. */}}
{{- define "netpol.circles" -}}
{{- $s := .s -}}
{{- $peer := .peer -}}
{{- if not (hasKey $peer "circular") -}}
{{- $_ := set $peer "circular" true -}}
{{- $circular := false -}}
{{- range $peer.members -}}
{{- if kindIs "string" . -}}
{{- if hasKey $s.peers . -}}
{{- $other := index $s.peers . -}}
{{- template "netpol.circles" (dict "s" $s "peer" $other) -}}
{{- $circular = or $circular $other.circular -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $peer "circular" $circular -}}
{{- end -}}
{{- end -}}

{{/* Sets `flat` of a named `peer`, and `fine` to false where what it leads to is wrong. Each name is looked at once. */}}
{{- define "netpol.represent" -}}
{{- $s := .s -}}
{{- $peer := .peer -}}
{{- if $peer.circular -}}{{- $_ := set $peer "fine" false -}}{{- end -}}
{{- if and $peer.fine (not (hasKey $peer "flat")) -}}
{{- $names := 0 -}}
{{- range $peer.members -}}
{{- if kindIs "string" . -}}
{{- $names = add1 $names -}}
{{- $other := index $s.peers . -}}
{{- template "netpol.represent" (dict "s" $s "peer" $other) -}}
{{- if not $other.fine -}}{{- $_ := set $peer "fine" false -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $peer.fine -}}
{{- $flat := dict "s" $s "members" $peer.members "value" list -}}
{{- template "netpol.flat" $flat -}}
{{- $_ := set $peer "flat" (ternary (uniq $flat.value) $flat.value (gt $names 1)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Sets `says` and `hint` where the reference `peer`, a name or a peer written out, leads nowhere. */}}
{{- define "netpol.trouble" -}}
{{- if kindIs "string" .peer -}}
{{- if not (hasKey .s.peers .peer) -}}
{{- $known := keys (default dict .s.profile.peers) | sortAlpha -}}
{{- $otherwise := print "the profile's peers: " (default "none" (include "netpol.listed" $known)) -}}
{{- $_ := set . "says" (print "unknown peer " (include "netpol.shown" .peer)) -}}
{{- $_ := set . "hint" (include "netpol.suggest" (dict "word" .peer "known" $known "otherwise" $otherwise)) -}}
{{- end -}}
{{- else -}}
{{- $found := . -}}
{{- range .peer.network -}}
{{- if and (not $found.says) (not (hasKey (default dict $found.s.profile.networks) .)) -}}
{{- $_ := set $found "says" (printf "the profile has no CIDR for network `%s`" .) -}}
{{- $_ := set $found "hint" (printf "add `networks: {%s: CIDR}` to the ClusterProfile" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Sets in `seen` every name that `peer` leads to, itself included. */}}
{{- define "netpol.reach" -}}
{{- if kindIs "string" .peer -}}
{{- if not (hasKey .seen .peer) -}}
{{- $_ := set .seen .peer true -}}
{{- $s := .s -}}
{{- $seen := .seen -}}
{{- range (default dict (index .s.peers .peer)).members -}}
{{- template "netpol.reach" (dict "s" $s "peer" . "seen" $seen) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Appends to `value` what `members` represent: each a `peer`, by `address` or not, `alone` in its rule or not. The names
among them have their `flat`.
*/}}
{{- define "netpol.flat" -}}
{{- $to := . -}}
{{- range $member := .members -}}
{{- if kindIs "string" $member -}}
{{- $named := index $to.s.peers $member -}}
{{- $_ := set $to "value" (concat $to.value $named.flat) -}}
{{- else if hasKey $member "everyone" -}}
{{- $_ := set $to "value" (append $to.value (dict "everyone" true "address" false "alone" false "peer" dict)) -}}
{{- else if or (hasKey $member "cidr") (hasKey $member "network") -}}
{{- range $member.network -}}
{{- range index $to.s.profile.networks . -}}
{{- $_ := set $to "value" (append $to.value (dict "address" true "alone" false "peer" (dict "ipBlock" (dict "cidr" .text)))) -}}
{{- end -}}
{{- end -}}
{{- range $cidr := $member.cidr -}}
{{- $block := dict "cidr" .text -}}
{{- $cuts := list -}}
{{- range $member.except -}}{{- if include "netpol.holds" (list $cidr .) -}}{{- $cuts = append $cuts .text -}}{{- end -}}{{- end -}}
{{- if $cuts -}}{{- $_ := set $block "except" $cuts -}}{{- end -}}
{{- $_ := set $to "value" (append $to.value (dict "address" true "alone" (not (empty $cuts)) "peer" (dict "ipBlock" $block))) -}}
{{- end -}}
{{- else -}}
{{- $_ := set $to "value" (append $to.value (dict "address" false "alone" false "peer" (include "netpol.pods" $member | fromYaml))) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The pods that a peer represents: of its own namespace where it names none. */}}
{{- define "netpol.pods" -}}
{{- $made := dict -}}
{{- $name := "kubernetes.io/metadata.name" -}}
{{- if hasKey . "namespaces" -}}
{{- $_ := set $made "namespaceSelector" .namespaces -}}
{{- else if hasKey . "namespace" -}}
{{- $one := dict "matchLabels" (dict $name (first .namespace)) -}}
{{- $any := dict "matchExpressions" (list (dict "key" $name "operator" "In" "values" .namespace)) -}}
{{- $_ := set $made "namespaceSelector" (ternary $one $any (eq (len .namespace) 1)) -}}
{{- end -}}
{{- if or (not $made) .pods -}}{{- $_ := set $made "podSelector" (default dict .pods) -}}{{- end -}}
{{- toYaml $made -}}
{{- end -}}
