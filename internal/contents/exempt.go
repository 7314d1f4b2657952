package contents

import (
	"encoding/base64"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// exemptions are the fields of one object that others fill in by right.
type exemptions struct {
	bundles    bool // it holds bundles of certificates, which an injector may fill in
	injected   bool // an annotation asks an injector to
	aggregated bool // a controller collects its rules
	pod        bool // the admission of service accounts adds to it
	account    bool // controllers add Secrets to it
}

// bundled are the kinds that hold a caBundle.
var bundled = map[string]bool{
	"APIService": true, "CustomResourceDefinition": true, "MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true,
}

// injectors are the annotations that ask an injector for a caBundle.
var injectors = []string{
	"cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret", "cert-manager.io/inject-apiserver-ca",
	"certmanager.k8s.io/inject-ca-from", "certmanager.k8s.io/inject-apiserver-ca", "service.beta.openshift.io/inject-cabundle",
}

func exemptionsOf(want, live *unstructured.Unstructured) exemptions {
	core, kind := live.GetAPIVersion() == "v1", live.GetKind()
	e := exemptions{bundles: bundled[kind], pod: core && kind == "Pod", account: core && kind == "ServiceAccount"}
	if e.bundles {
		for _, annotation := range injectors {
			_, asked := want.GetAnnotations()[annotation]
			_, asks := live.GetAnnotations()[annotation]
			e.injected = e.injected || asked || asks
		}
	}
	if kind == "ClusterRole" {
		e.aggregated = want.Object["aggregationRule"] != nil
	}
	return e
}

// field returns whether the field at the walk's path is not compared. want is what
// the manifest says of it.
func (e exemptions) field(w *walk, want any) bool {
	switch w.here[len(w.here)-1].name {
	case "caBundle":
		return e.bundles && (e.injected || isBlank(want))
	case "rules":
		return e.aggregated && len(w.here) == 1
	}
	return false
}

// isBlank returns whether a bundle holds no certificate: nothing, or spaces, which
// stand where a kind wants a value.
func isBlank(bundle any) bool {
	encoded, ok := bundle.(string)
	if !ok {
		return bundle == nil
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && strings.TrimSpace(string(decoded)) == ""
}

// items returns whether others may add any items to the list at the walk's path.
func (e exemptions) items(w *walk) bool {
	switch {
	case w.here.is("metadata", "finalizers"), w.here.is("metadata", "ownerReferences"):
		return true
	case w.here.is("spec", "finalizers"):
		return w.isCore("Namespace")
	case w.here.is("spec", "ipFamilies"), w.here.is("spec", "clusterIPs"): // of a Service with two stacks
		return w.isCore("Service")
	case w.here.is("secrets"), w.here.is("imagePullSecrets"):
		return e.account
	case w.here.is("spec", "tolerations"):
		return e.pod
	}
	return false
}

// item returns whether an added item, at the walk's path, is one that the admission
// of service accounts adds to every pod.
func (e exemptions) item(w *walk, item any) bool {
	if !e.pod {
		return false
	}
	fields, _ := item.(map[string]any)
	switch list := w.here.field(); list {
	case "volumes":
		name, _ := fields["name"].(string)
		return strings.HasPrefix(name, "kube-api-access-")
	case "volumeMounts":
		return fields["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"
	}
	return false
}
