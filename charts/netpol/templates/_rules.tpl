{{/*
Rules to policies. For each protected namespace: `default-deny-all`, which names every pod and both directions and
allows nothing (`default-deny-ingress` or `-egress` where it isolates one direction only), and on top of it one allow
policy a rule (or a direction), each of one direction only.
*/}}

{{/* Prints the policies of the namespace `name`, whose spec was read as `spec`. */}}
{{- define "netpol.namespace" -}}
{{- if not (hasKey .spec "unprotected") -}}
{{- $call := . -}}
{{- $namespace := .name | quote -}}
{{- template "netpol.deny" (dict "s" .s "namespace" $namespace "isolation" (default "both" .spec.isolation)) -}}
{{- $taken := dict -}}
{{- template "netpol.group" (dict "s" .s "namespace" .name "workload" "" "pods" "{}" "of" .spec "path" "spec") -}}
{{- range .spec.policies -}}{{- template "netpol.allow" (dict "policy" . "namespace" $namespace "taken" $taken) -}}{{- end -}}
{{- range $name, $workload := .spec.workloads -}}
{{- $path := print "spec.workloads." $name -}}
{{- $deny := dict "s" $call.s "namespace" $namespace "workload" $name "pods" $workload.pods -}}
{{- template "netpol.deny" (merge $deny (dict "isolation" (default "none" $workload.isolation))) -}}
{{- template "netpol.group" (dict "s" $call.s "namespace" $call.name "workload" $name "pods" (toYaml $workload.pods) "of" $workload "path" $path) -}}
{{- range $workload.policies -}}{{- template "netpol.allow" (dict "policy" . "namespace" $namespace "taken" $taken) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Prints the policy that isolates all pods, or those of a `workload`, and allows nothing; none for isolation `none`. */}}
{{- define "netpol.deny" -}}
{{- if ne .isolation "none" -}}
{{- $types := ternary (list "Ingress" "Egress") (list (title .isolation)) (eq .isolation "both") -}}
{{- $name := print "default-deny-" (ternary "all" .isolation (eq .isolation "both")) -}}
{{- $rest := "" -}}
{{- if .workload -}}
{{- $notes := toYaml (dict "bulkhead.dev/workload" .workload) -}}
{{- $rest = include "netpol.rest" (dict "s" .s "pods" (toYaml .pods) "types" $types "notes" $notes) -}}
{{- $name = print .workload "-" $name -}}
{{- else -}}
{{- if not (hasKey .s "deny") -}}{{- $_ := set .s "deny" dict -}}{{- end -}}
{{- if not (hasKey .s.deny .isolation) -}}
{{- $_ := set .s.deny .isolation (include "netpol.rest" (dict "s" .s "pods" "{}" "types" $types)) -}}
{{- end -}}
{{- $rest = index .s.deny .isolation -}}
{{- end -}}
{{- template "netpol.policy" (dict "name" $name "namespace" .namespace "rest" $rest) -}}
{{- end -}}
{{- end -}}

{{/* Prints one allow policy; notes where another of the namespace has its name. */}}
{{- define "netpol.allow" -}}
{{- if hasKey .taken .policy.name -}}
{{- $says := printf "two policies would be named `%s`: the other comes from `%s`" .policy.name (index .taken .policy.name) -}}
{{- template "netpol.note" (dict "at" .policy.at "says" $says "hint" "rename the rule or the workload") -}}
{{- end -}}
{{- $_ := set .taken .policy.name .policy.path -}}
{{- template "netpol.policy" (dict "name" .policy.name "namespace" .namespace "rest" .policy.rest) -}}
{{- end -}}

{{/*
Sets `policies` of `of`, a namespace's spec or a workload: what its rules become for one selection of pods, but for the
namespace. Namespaces share what was read once, so it is set once for all of them.
*/}}
{{- define "netpol.group" -}}
{{- if not (hasKey .of "policies") -}}
{{- $group := . -}}
{{- $lead := ternary "allow" (print .workload "-allow") (eq .workload "") -}}
{{- $made := list -}}
{{- range $direction := list "ingress" "egress" -}}
{{- $rules := index $group.of $direction -}}
{{- range $name, $rule := $rules -}}
{{- if not (hasKey $rule "entries") -}}
{{- template "netpol.entries" (dict "s" $group.s "rule" $rule "direction" $direction "name" $name "namespace" $group.namespace) -}}
{{- end -}}
{{- end -}}
{{- if and $rules (eq (default "per-rule" $group.s.profile.policies) "per-direction") -}}
{{- $entries := list -}}
{{- range $rules -}}{{- $entries = append $entries .entries -}}{{- end -}}
{{- $new := dict "group" $group "direction" $direction "name" (print $lead "-" $direction) "rules" $rules "entries" (join "\n" $entries) -}}
{{- template "netpol.made" $new -}}
{{- $made = append $made $new.value -}}
{{- else -}}
{{- range $name, $rule := $rules -}}
{{- if not (and (hasKey $rule "policy") (eq (toString $rule.pods) $group.pods)) -}}
{{- $new := dict "group" $group "direction" $direction "name" (printf "%s-%s-%s" $lead $name $direction) "rules" (dict $name $rule) "entries" $rule.entries -}}
{{- template "netpol.made" $new -}}
{{- $_ := set $rule "policy" $new.value -}}
{{- $_ := set $rule "pods" $group.pods -}}
{{- end -}}
{{- $made = append $made $rule.policy -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set .of "policies" $made -}}
{{- end -}}
{{- end -}}

{{/* Sets `value` to a policy: its `name`, the `rest` of its text, the `path` of the first of its `rules`, which stands `at`. */}}
{{- define "netpol.made" -}}
{{- $first := keys .rules | sortAlpha | first -}}
{{- $labels := dict "s" .group.s "field" "labels" "rules" .rules "value" dict -}}
{{- template "netpol.agreed" $labels -}}
{{- $annotations := dict "s" .group.s "field" "annotations" "rules" .rules "value" dict -}}
{{- template "netpol.agreed" $annotations -}}
{{- $notes := include "netpol.notes" (dict "rules" .rules "workload" .group.workload "annotations" $annotations.value) -}}
{{- $parts := dict "s" .group.s "more" $labels.value "pods" .group.pods "notes" $notes "types" (list (title .direction)) "direction" .direction "entries" .entries -}}
{{- $made := dict "name" .name "path" (printf "%s.%s.%s" .group.path .direction $first) "at" (index .rules $first).at -}}
{{- $_ := set $made "rest" (include "netpol.rest" $parts) -}}
{{- $_ := set . "value" $made -}}
{{- end -}}

{{/* Sets in `value` what `rules` of one policy say in `field`; notes where two of them set different values. */}}
{{- define "netpol.agreed" -}}
{{- $call := . -}}
{{- $first := dict -}}
{{- range $name, $rule := .rules -}}
{{- range $key, $value := index $rule $call.field -}}
{{- if not (hasKey $call.value $key) -}}
{{- $_ := set $call.value $key $value -}}
{{- $_ := set $first $key $name -}}
{{- else if ne (index $call.value $key) $value -}}
{{- $at := dict "s" $call.s "up" (dict "s" $call.s "up" $rule.at "step" $call.field) "step" $key -}}
{{- $says := printf "rule `%s`, which is part of the same policy, sets `%s` to another value" (index $first $key) $key -}}
{{- template "netpol.note" (dict "at" $at "says" $says "hint" "write the same value, or `policies: per-rule`") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The annotations: which rules, and what people noted on them (behind the rule's name where several). */}}
{{- define "netpol.notes" -}}
{{- $rules := .rules -}}
{{- $several := gt (len .rules) 1 -}}
{{- $notes := dict "bulkhead.dev/rule" (keys .rules | sortAlpha | join ", ") -}}
{{- if .workload -}}{{- $_ := set $notes "bulkhead.dev/workload" .workload -}}{{- end -}}
{{- range $key := list "why" "owner" "until" -}}
{{- $said := list -}}
{{- range $name, $rule := $rules -}}
{{- with index $rule $key -}}{{- $said = append $said (ternary (printf "%s: %s" $name .) . $several) -}}{{- end -}}
{{- end -}}
{{- if $said -}}{{- $_ := set $notes (print "bulkhead.dev/" $key) (join "\n" $said) -}}{{- end -}}
{{- end -}}
{{- range $key, $value := .annotations -}}{{- $_ := set $notes $key $value -}}{{- end -}}
{{- toYaml $notes -}}
{{- end -}}

{{/* Prints a policy. */}}
{{- define "netpol.policy" }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
{{ .rest }}
{{- end }}

{{/* What a policy has besides its name and namespace, from parts that are YAML already. */}}
{{- define "netpol.rest" }}  labels:
    {{- .s.labels | nindent 4 }}
    {{- with .more }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- if .notes }}
  annotations:
    {{- .notes | nindent 4 }}
  {{- end }}
spec:
  podSelector: {{ if eq .pods "{}" }}{}{{ else }}{{ .pods | nindent 4 }}{{ end }}
  policyTypes:
  {{- range .types }}
  - {{ . }}
  {{- end }}
  {{- if .entries }}
  {{ .direction }}:
    {{- .entries | nindent 2 }}
  {{- end }}
{{- end }}

{{/*
Sets `entries` of a rule: peers without `except` together, each block with one alone, for kube-router cuts an `except`
out of the other peers of the same entry. Where something is wrong it is noted and the entries are empty.
*/}}
{{- define "netpol.entries" -}}
{{- $call := . -}}
{{- $rule := .rule -}}
{{- $end := ternary "from" "to" (eq .direction "ingress") -}}
{{- $peers := index $rule $end -}}
{{- $fine := true -}}
{{- range $i, $peer := $peers -}}
{{- $found := dict "s" $call.s "peer" $peer -}}
{{- template "netpol.trouble" $found -}}
{{- if $found.says -}}
{{- $fine = false -}}
{{- $at := dict "s" $call.s "up" $rule.at "step" $end -}}
{{- if gt (len $peers) 1 -}}{{- $at = dict "s" $call.s "up" $at "step" $i -}}{{- end -}}
{{- $says := printf "%s in rule `%s` of namespace `%s`" $found.says $call.name $call.namespace -}}
{{- template "netpol.note" (dict "at" $at "says" $says "hint" $found.hint) -}}
{{- else if kindIs "string" $peer -}}
{{- $fine = and $fine (index $call.s.peers $peer).fine -}}
{{- end -}}
{{- end -}}
{{- $_ := set $rule "entries" "" -}}
{{- if $fine -}}
{{- $flat := dict "s" .s "members" $peers "value" list -}}
{{- template "netpol.flat" $flat -}}
{{- if eq .direction "egress" -}}
{{- $_ := set . "flat" $flat.value -}}
{{- template "netpol.numbers" . -}}
{{- end -}}
{{- if not .wrong -}}
{{- $together := list -}}
{{- $alone := list -}}
{{- $everyone := false -}}
{{- range $flat.value -}}
{{- $everyone = or $everyone (hasKey . "everyone") -}}
{{- if .alone -}}{{- $alone = append $alone (list .peer) -}}{{- else -}}{{- $together = append $together .peer -}}{{- end -}}
{{- end -}}
{{- $groups := uniq $alone -}}
{{- if $together -}}{{- $groups = prepend $groups (uniq $together) -}}{{- end -}}
{{- $entries := list -}}
{{- if $everyone -}}
{{- $groups = list -}}
{{- $entry := dict -}}
{{- if $rule.ports -}}{{- $_ := set $entry "ports" $rule.ports -}}{{- end -}}
{{- $entries = append $entries $entry -}}
{{- end -}}
{{- range $groups -}}
{{- $entry := dict $end . -}}
{{- if $rule.ports -}}{{- $_ := set $entry "ports" $rule.ports -}}{{- end -}}
{{- $entries = append $entries $entry -}}
{{- end -}}
{{- $_ := set $rule "entries" (toYaml $entries) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses a named port in egress unless the enforcer resolves it and the peer has pods to resolve it on. */}}
{{- define "netpol.numbers" -}}
{{- $call := . -}}
{{- $enforcer := default "any" .s.profile.enforcer -}}
{{- $by_name := has $enforcer (list "calico" "cilium") -}}
{{- $addresses := false -}}
{{- range .flat -}}{{- $addresses = or $addresses .address -}}{{- end -}}
{{- range $i, $port := .rule.ports -}}
{{- if and (kindIs "string" .port) (or (not $by_name) $addresses) -}}
{{- $_ := set $call "wrong" true -}}
{{- $at := dict "s" $call.s "up" $call.rule.at "step" "ports" -}}
{{- if gt (len $call.rule.ports) 1 -}}{{- $at = dict "s" $call.s "up" $at "step" $i -}}{{- end -}}
{{- $why := ternary "has no meaning for addresses" (printf "is not enforced correctly by `%s`" $enforcer) $by_name -}}
{{- $says := printf "named port `%s` in egress %s" .port $why -}}
{{- template "netpol.note" (dict "at" $at "says" $says "hint" "write the container port's number") -}}
{{- end -}}
{{- end -}}
{{- end -}}
