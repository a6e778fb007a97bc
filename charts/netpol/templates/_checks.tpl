{{/* What a record finds wrong with itself once its fields are read: netpol.check.RECORD, called with its node. */}}

{{/* An expression: what the API server would refuse. */}}
{{- define "netpol.check.Expression" -}}
{{- $takes := has .value.operator (list "In" "NotIn") -}}
{{- if and $takes (not (hasKey .value "values")) -}}
{{- $says := printf "operator `%s` needs `values`" .value.operator -}}
{{- template "netpol.refuse" (dict "at" . "says" $says "hint" "add `values: [...]`") -}}
{{- else if and (not $takes) (hasKey .value "values") -}}
{{- $says := printf "operator `%s` takes no `values`" .value.operator -}}
{{- template "netpol.refuse" (dict "at" . "step" "values" "says" $says "hint" "leave `values` out") -}}
{{- end -}}
{{- end -}}

{{/* A peer; of one key alone, only `namespaces` and `except` can be wrong. */}}
{{- define "netpol.check.Peer" -}}
{{- if or (ne (len .value) 1) (hasKey .value "namespaces") (hasKey .value "except") -}}
{{- template "netpol.check.forms" . -}}
{{- end -}}
{{- end -}}

{{/* The forms of a peer: mixed, what would mean everyone, `except` outside of `cidr`. */}}
{{- define "netpol.check.forms" -}}
{{- $node := . -}}
{{- $peer := .value -}}
{{- $by_pod := list -}}
{{- range list "namespace" "namespaces" "pods" -}}{{- if hasKey $peer . -}}{{- $by_pod = append $by_pod . -}}{{- end -}}{{- end -}}
{{- $by_address := list -}}
{{- range list "cidr" "network" -}}{{- if hasKey $peer . -}}{{- $by_address = append $by_address . -}}{{- end -}}{{- end -}}
{{- $two := "make a list of two peers" -}}
{{- if not (or $by_pod $by_address) -}}
{{- if hasKey $peer "except" -}}
{{- template "netpol.refuse" (dict "at" . "step" "except" "says" "`except` needs a `cidr` to cut from" "hint" "add `cidr`") -}}
{{- else -}}
{{- template "netpol.refuse" (dict "at" . "says" "the peer is empty, which would match everyone" "hint" "name a namespace or pods, or write a `cidr`") -}}
{{- end -}}
{{- end -}}
{{- if $by_pod -}}
{{- range $by_address -}}
{{- template "netpol.refuse" (dict "at" $node "step" . "says" (printf "`%s` cannot be combined with `%s` in one peer" . (first $by_pod)) "hint" $two) -}}
{{- end -}}
{{- end -}}
{{- if eq (len $by_address) 2 -}}
{{- template "netpol.refuse" (dict "at" . "step" "network" "says" "`network` cannot be combined with `cidr` in one peer" "hint" $two) -}}
{{- end -}}
{{- if and (hasKey $peer "namespace") (hasKey $peer "namespaces") -}}
{{- template "netpol.refuse" (dict "at" . "step" "namespaces" "says" "`namespaces` cannot be combined with `namespace` in one peer" "hint" $two) -}}
{{- end -}}
{{- if and (hasKey $peer "namespaces") (not $peer.namespaces) -}}
{{- $hint := "if that is meant: `namespaces: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}`" -}}
{{- template "netpol.refuse" (dict "at" . "step" "namespaces" "says" "the empty selector would mean every pod of the cluster" "hint" $hint) -}}
{{- end -}}
{{- if and (hasKey $peer "except") (not (hasKey $peer "cidr")) (or $by_address $by_pod) -}}
{{- template "netpol.refuse" (dict "at" . "step" "except" "says" "`except` cuts only from a `cidr`" "hint" "write the addresses as `cidr`") -}}
{{- end -}}
{{- if and (hasKey $peer "except") (hasKey $peer "cidr") -}}{{- template "netpol.check.exclusions" . -}}{{- end -}}
{{- end -}}

{{/* Each exclusion of a peer lies in one of its CIDRs and is smaller. */}}
{{- define "netpol.check.exclusions" -}}
{{- $node := . -}}
{{- range $cut := .value.except -}}
{{- $family := false -}}
{{- $inside := false -}}
{{- $whole := false -}}
{{- range $cidr := $node.value.cidr -}}
{{- $family = or $family (eq .version $cut.version) -}}
{{- $inside = or $inside (eq (include "netpol.holds" (list $cidr $cut)) "yes") -}}
{{- $whole = or $whole (eq .text $cut.text) -}}
{{- end -}}
{{- if not $family -}}
{{- template "netpol.refuse" (dict "at" $node "step" "except" "says" (printf "`%s` is of another IP family than the `cidr`" .text) "hint" "leave it out") -}}
{{- else if not $inside -}}
{{- template "netpol.refuse" (dict "at" $node "step" "except" "says" (printf "`%s` is outside the `cidr`" .text) "hint" "leave it out, or widen the `cidr`") -}}
{{- else if $whole -}}
{{- template "netpol.refuse" (dict "at" $node "step" "except" "says" (printf "`%s` is the whole `cidr`: nothing is left" .text) "hint" "remove the rule instead") -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A rule remembers where it was written. Keys of labels and annotations on which others act are refused. */}}
{{- define "netpol.check.IngressRule" -}}{{- template "netpol.check.rule" . -}}{{- end -}}
{{- define "netpol.check.EgressRule" -}}{{- template "netpol.check.rule" . -}}{{- end -}}
{{- define "netpol.check.rule" -}}
{{- $_ := set .value "at" . -}}
{{- $node := . -}}
{{- range $field := list "labels" "annotations" -}}
{{- range $key, $_ := index $node.value $field -}}
{{- $own := and (eq $field "labels") (has $key (list "app.kubernetes.io/managed-by" "app.kubernetes.io/instance" "helm.sh/chart")) -}}
{{- if or $own (regexMatch $node.s.acted_on $key) -}}
{{- $says := printf "`%s` cannot be set by a rule: this project, kustomize or a delivery acts on it" $key -}}
{{- $hint := printf "remove `%s`, or set it in a kustomization for all policies" $key -}}
{{- template "netpol.refuse" (dict "at" $node "step" $field "says" $says "hint" $hint) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A workload: a selector that would mean every pod, and no rules. */}}
{{- define "netpol.check.Workload" -}}
{{- if not .value.pods -}}
{{- $hint := "name their labels, or write the rules under `spec.ingress` and `spec.egress`" -}}
{{- template "netpol.refuse" (dict "at" . "step" "pods" "says" "the empty selector would mean every pod of the namespace" "hint" $hint) -}}
{{- end -}}
{{- if eq (default "" .value.isolation) "none" -}}
{{- template "netpol.refuse" (dict "at" . "step" "isolation" "says" "`none` is not for a workload" "hint" "leave `isolation` out") -}}
{{- end -}}
{{- if not (or .value.ingress .value.egress .value.isolation) -}}
{{- template "netpol.refuse" (dict "at" . "says" "the workload has no rules" "hint" "add `ingress` or `egress`, or remove it with `null`") -}}
{{- end -}}
{{- end -}}

{{/* A namespace: rules that contradict `isolation` or `unprotected`, an answer in the place of its reason. */}}
{{- define "netpol.check.NamespaceSpec" -}}
{{- $node := . -}}
{{- $isolation := default "both" .value.isolation -}}
{{- if not (hasKey .value "unprotected") -}}
{{- range list "ingress" "egress" -}}
{{- if and (index $node.value .) (not (has $isolation (list "both" .))) -}}
{{- $says := printf "`%s` rules isolate every pod, and `isolation: %s` leaves `%s` open" . $isolation . -}}
{{- $hint := printf "write `%s: null`, or another `isolation`" . -}}
{{- template "netpol.refuse" (dict "at" $node "step" . "says" $says "hint" $hint) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $isolation "none") (not .value.workloads) -}}
{{- $says := "`isolation: none` without `workloads` means that there are no policies" -}}
{{- template "netpol.refuse" (dict "at" . "step" "isolation" "says" $says "hint" "write `unprotected: REASON` instead") -}}
{{- end -}}
{{- else -}}
{{- if has (lower .value.unprotected) (list "false" "n" "no" "off" "on" "true" "y" "yes") -}}
{{- $hint := "write why the namespace has no policies, or `unprotected: null` to protect it" -}}
{{- template "netpol.refuse" (dict "at" . "step" "unprotected" "says" (printf "`%s` is no reason" .value.unprotected) "hint" $hint) -}}
{{- end -}}
{{- range list "ingress" "egress" "workloads" -}}
{{- if index $node.value . -}}
{{- $says := printf "`%s` rules are combined with `unprotected`, which means that there are none" . -}}
{{- $hint := printf "write `%s: null`, or `unprotected: null` to protect the namespace" . -}}
{{- template "netpol.refuse" (dict "at" $node "step" . "says" $says "hint" $hint) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
