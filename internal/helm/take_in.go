package helm

import (
	"cmp"
	"context"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/ownership"
)

// takeIn refuses what names the release, of which no record is left, and is wanted by
// somebody else by its marks, or where Helm's other driver has records of such a release: it
// would count as the release's own from then on. Helm goes by the name alone. Where adopt
// names all of what is marked, it is marked as taken over, unless Helm is about to refuse
// another object.
func takeIn(
	ctx context.Context, c *client, core corev1client.CoreV1Interface, list kube.ResourceList, live []*unstructured.Unstructured,
) error {
	marked, refusedByHelm := wantedByOthers(ctx, c, core, list, live)
	if err := refuseTakeOver(c, marked); err != nil || refusedByHelm {
		return err
	}
	_, err := setOwners(c, marked)
	return err
}

// wantedByOthers returns those of the objects that name the release, of which no record is left, and are or may be wanted by
// somebody else; others says whether any exists that does not name it.
func wantedByOthers(
	ctx context.Context, c *client, core corev1client.CoreV1Interface, list kube.ResourceList, live []*unstructured.Unstructured,
) (marked []foreignObject, others bool) {
	var own *recorded
	for i, info := range list {
		if live[i] == nil {
			continue
		}
		o := foreignObject{info: info, live: live[i], owner: ownership.NamedRelease(live[i].GetAnnotations()),
			hookOf: ownership.HookRelease(live[i].GetAnnotations())}
		_, before := ownership.TakenOver(live[i].GetAnnotations())
		if ownerOf(live[i]) != c.release {
			others = true
			continue
		}
		if own == nil {
			answer := lookUpOwn(ctx, core, c.release)
			own = &answer
		}
		o.recorded = *own
		if o.doubt = cmp.Or(own.unknown, doubtOf(&o, c.release)); own.found || o.doubt != nil && !before {
			marked = append(marked, o)
		}
	}
	return marked, others
}
