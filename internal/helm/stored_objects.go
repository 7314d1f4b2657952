package helm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/manifest"
)

// buildStored builds a stored manifest, which may name versions that the API server
// has no more: Helm builds all of a manifest or nothing, and says that it is to be
// corrected, which nobody can. An object is built in the version that is served, and
// one whose kind is gone is left out: nothing of it can exist.
//
// As the original that an update starts from, an object tells which fields were set.
// What its kind has no more is left out of it. With whole, for what is to be applied,
// one that fits no more stays as it is, so that the API server says why.
func (c *client) buildStored(text string, whole bool) (kube.ResourceList, error) {
	built, err := c.Build(strings.NewReader(text), false)
	if err == nil || c.mapper == nil {
		return built, err
	}
	mapper, mapperErr := c.mapper()
	if mapperErr != nil {
		return nil, err
	}
	served, changes, servedErr := inServedVersions(text, mapper, whole)
	if servedErr != nil || len(changes) == 0 {
		return nil, err
	}
	for _, change := range changes {
		c.log("the stored manifest: %s", change)
	}
	return c.Build(strings.NewReader(served), false)
}

// inServedVersions returns a stored manifest with every object in a version that the
// API server has, and what was changed.
func inServedVersions(text string, mapper meta.RESTMapper, whole bool) (served string, changes []string, err error) {
	objects, err := manifest.Parse(spreadPolicies(text))
	if err != nil {
		return "", nil, err
	}
	var all strings.Builder
	for _, o := range objects {
		gvk := o.GroupVersionKind()
		mapping, err := manifest.MappingFor(mapper, gvk)
		switch {
		case meta.IsNoMatchError(err):
			changes = append(changes, fmt.Sprintf("the API server has no %s in %s, so %s is left out", gvk.Kind, gvk.GroupVersion(), o.GetName()))
			continue
		case err != nil:
			return "", nil, err
		case mapping.GroupVersionKind != gvk:
			changes = append(changes, fmt.Sprintf("%s/%s is taken in %s in place of %s", gvk.Kind, o.GetName(),
				mapping.GroupVersionKind.GroupVersion(), gvk.GroupVersion()))
			o = asServed(o, mapping, whole)
		}
		document, err := json.Marshal(o)
		if err != nil {
			return "", nil, err
		}
		all.WriteString("\n---\n")
		all.Write(document)
	}
	return all.String(), changes, nil
}

func asServed(o *unstructured.Unstructured, mapping *meta.RESTMapping, whole bool) *unstructured.Unstructured {
	converted, fits := manifest.InVersion(o, mapping.GroupVersionKind)
	if fits || !whole {
		return converted
	}
	o.SetGroupVersionKind(mapping.GroupVersionKind)
	return o
}

// rollbackClient is the client of a rollback, which builds stored manifests alone.
type rollbackClient struct {
	*client
	current string // the manifest of the revision that the rollback starts from
	within  bool   // see facts.Rollback
}

// Build builds hooks, which are validated, as they are. What could not be built when it was looked at can be by now,
// and Helm reads the revision anew, which somebody may have written to since.
func (c *rollbackClient) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if validate {
		list, err := c.client.Build(bytes.NewReader(text), validate)
		if err == nil && c.within {
			err = beyond(c.release.Namespace, "hook", list)
		}
		return list, err
	}
	list, err := c.buildStored(string(text), string(text) != c.current)
	if err == nil && c.within && string(text) != c.current {
		err = beyond(c.release.Namespace, "object", list)
	}
	return list, err
}
