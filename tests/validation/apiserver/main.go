// What kubectl and an API server say about manifests, with Kubernetes' own code: kubectl's YAML decoder, the strict
// decoder, defaults and create strategies of the API server. Standard input is a JSON list of documents, each a text of
// YAML or JSON; standard output is a JSON list of verdicts. `-cidrs` also takes the CIDRs that API servers before 1.36 took.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
)

// verdict is about one document. Refused and Strict are empty if `kubectl create` takes it.
type verdict struct {
	Refused  []string        `json:"refused"`            // with any setting
	Strict   []string        `json:"strict"`             // with kubectl's default, --validate=strict; otherwise a warning, and the field is dropped
	Warnings []string        `json:"warnings"`           // accepted, and an API server says something about it
	Sent     json.RawMessage `json:"sent,omitempty"`     // what kubectl read from the text
	Accepted json.RawMessage `json:"accepted,omitempty"` // the object, with its defaults
}

var strategies = map[string]struct {
	strategy rest.RESTCreateStrategy
	version  schema.GroupVersion
	resource string
}{
	"NetworkPolicy":         {networkpolicy.Strategy, schema.GroupVersion{Group: "networking.k8s.io", Version: "v1"}, "networkpolicies"},
	"Pod":                   {pod.Strategy, schema.GroupVersion{Version: "v1"}, "pods"},
	"ReplicationController": {replicationcontroller.Strategy, schema.GroupVersion{Version: "v1"}, "replicationcontrollers"},
	"Deployment":            {deployment.Strategy, schema.GroupVersion{Group: "apps", Version: "v1"}, "deployments"},
	"DaemonSet":             {daemonset.Strategy, schema.GroupVersion{Group: "apps", Version: "v1"}, "daemonsets"},
	"ReplicaSet":            {replicaset.Strategy, schema.GroupVersion{Group: "apps", Version: "v1"}, "replicasets"},
	"StatefulSet":           {statefulset.Strategy, schema.GroupVersion{Group: "apps", Version: "v1"}, "statefulsets"},
	"Job":                   {job.Strategy, schema.GroupVersion{Group: "batch", Version: "v1"}, "jobs"},
	"CronJob":               {cronjob.Strategy, schema.GroupVersion{Group: "batch", Version: "v1"}, "cronjobs"},
	"Namespace":             {namespace.Strategy, schema.GroupVersion{Version: "v1"}, "namespaces"},
}

func main() {
	legacy := flag.Bool("cidrs", false, "take the CIDRs that API servers before 1.36 took")
	flag.Parse()
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(map[string]bool{"StrictIPCIDRValidation": !*legacy}); err != nil {
		fail(err)
	}
	var documents []string
	if err := json.NewDecoder(os.Stdin).Decode(&documents); err != nil {
		fail(err)
	}
	verdicts := []verdict{}
	for _, text := range documents {
		verdicts = append(verdicts, judge(text))
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "apiserver:", err)
	os.Exit(1)
}

func judge(text string) (found verdict) {
	found = verdict{Refused: []string{}, Strict: []string{}, Warnings: []string{}}
	sent, err := read(text)
	if err != nil {
		found.Refused = append(found.Refused, err.Error())
		return found
	}
	found.Sent = bytes.TrimSpace(sent)
	codecs := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)
	object, kind, err := codecs.UniversalDecoder().Decode(sent, nil, nil)
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		for _, each := range strict.Errors() {
			found.Strict = append(found.Strict, each.Error())
		}
	} else if err != nil {
		found.Refused = append(found.Refused, err.Error())
		return found
	}
	served, ok := strategies[kind.Kind]
	if !ok || kind.GroupVersion() != served.version {
		found.Refused = append(found.Refused, fmt.Sprintf("%s is not judged here", kind))
		return found
	}
	create(object, kind, &found)
	return found
}

// read returns the JSON that kubectl sends for the first document of a text.
func read(text string) ([]byte, error) {
	extension := runtime.RawExtension{}
	if err := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(text)), 4096).Decode(&extension); err != nil {
		if err == io.EOF {
			return nil, fmt.Errorf("there is no document")
		}
		return nil, err
	}
	object, _, err := unstructured.UnstructuredJSONScheme.Decode(bytes.TrimSpace(extension.Raw), nil, nil)
	if err != nil {
		return nil, err
	}
	return runtime.Encode(unstructured.UnstructuredJSONScheme, object)
}

func create(object runtime.Object, kind *schema.GroupVersionKind, found *verdict) {
	served := strategies[kind.Kind]
	meta, err := apimeta.Accessor(object)
	if err != nil {
		found.Refused = append(found.Refused, err.Error())
		return
	}
	ctx := request.WithNamespace(context.Background(), "")
	if served.strategy.NamespaceScoped() {
		if meta.GetNamespace() == "" {
			meta.SetNamespace("default")
		}
		ctx = request.WithNamespace(context.Background(), meta.GetNamespace())
	}
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true, Verb: "create", APIGroup: served.version.Group, APIVersion: served.version.Version,
		Resource: served.resource, Namespace: meta.GetNamespace(), Name: meta.GetName(),
	})
	generated := meta.GetName() == "" && meta.GetGenerateName() != ""
	if generated { // the server takes random letters; here the same text has the same verdict
		meta.SetName(meta.GetGenerateName()[:min(len(meta.GetGenerateName()), 58)] + "bcdfg")
	}
	rest.FillObjectMetaSystemFields(meta)
	if err := rest.BeforeCreate(served.strategy, ctx, object); err != nil {
		found.Refused = append(found.Refused, err.Error())
		return
	}
	meta.SetUID("")
	meta.SetCreationTimestamp(metav1.Time{})
	if generated {
		meta.SetName("")
	}
	found.Warnings = append(found.Warnings, served.strategy.WarningsOnCreate(ctx, object)...)
	versioned, err := legacyscheme.Scheme.ConvertToVersion(object, served.version)
	if err != nil {
		found.Refused = append(found.Refused, err.Error())
		return
	}
	found.Accepted, err = json.Marshal(versioned)
	if err != nil {
		found.Refused = append(found.Refused, err.Error())
	}
}
