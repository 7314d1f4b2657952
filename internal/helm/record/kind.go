package record

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/problem"
)

// Kind is what release records are stored as. Its text is the resource's name,
// as RBAC rules and API paths have it.
type Kind string

// The kinds of object that records can be stored in.
const (
	Secrets    Kind = "secrets"
	ConfigMaps Kind = "configmaps"
)

// ParseDriver reads the value of HELM_DRIVER. Helm's other drivers are refused:
// memory forgets the release when the run ends, and sql has neither
// compare-and-swap nor the cluster's own access rules.
func ParseDriver(env string) (Kind, error) {
	switch env {
	case "", "secret", "secrets":
		return Secrets, nil
	case "configmap", "configmaps":
		return ConfigMaps, nil
	}
	return "", &problem.Problem{
		Reason: problem.WrongInput,
		Tried:  fmt.Sprintf("use the Helm storage driver HELM_DRIVER=%q", env),
		Cause:  fmt.Errorf("only secret and configmap are supported"),
		Next:   "Unset HELM_DRIVER, or set it to secret or configmap.",
	}
}

// Resource is the resource's name, as RBAC rules have it.
func (k Kind) Resource() string { return string(k) }

func (k Kind) resource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: string(k)}
}

// driverName is what Helm calls its own driver of the same kind.
func (k Kind) driverName() string {
	if k == ConfigMaps {
		return "ConfigMap"
	}
	return "Secret"
}
