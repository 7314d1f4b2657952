package helm

import (
	"context"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/facts"
)

// lookWhose finds out which of the chart's objects a deploy would not write to, since they are somebody else's.
func (p *preview) lookWhose(ctx context.Context, core corev1client.CoreV1Interface, target kube.ResourceList) error {
	if p.deploy.Absent {
		target = target.Filter(func(info *resource.Info) bool { return info.Namespace != p.release.Namespace })
	}
	foreign, err := lookUpOwners(ctx, p.client, core, target)
	if err != nil {
		return err
	}
	if p.deploy.Mode == facts.ModeInstall {
		live := make([]*unstructured.Unstructured, len(target))
		for i, info := range target {
			live[i], _ = p.readLive(info) // lookUpOwners has read it
		}
		marked, _ := wantedByOthers(ctx, p.client, core, target, live)
		foreign = append(foreign, marked...)
	}
	for i := range foreign {
		if o := &foreign[i]; o.put && o.owner == p.release { // a copy of a Secret, of which the chart has its own now
			p.makesWay[refOf(o.info)] = true
			continue
		}
		if why, _ := foreign[i].notTaken(p.client); why != "" {
			p.foreign[refOf(foreign[i].info)] = "it " + why
		}
	}
	return nil
}

// theirs returns why a deploy would not write to an object that is there, or "": it is somebody else's, or a GitOps
// controller's by now. What names another release of which no record is left would be taken over.
func (p *preview) theirs(info *resource.Info, live *unstructured.Unstructured) string {
	if why := p.foreign[refOf(info)]; why != "" || p.deploy.Mode == facts.ModeInstall {
		return why
	}
	return p.ownedByGitOps(info, p.original)(live)
}
