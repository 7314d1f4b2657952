package helm

import (
	"cmp"
	"maps"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/facts"
)

// dropAll tells what would become of objects that the chart has no more, in the order of deleteAll: what stays
// holds what would take it along.
func (p *preview) dropAll(list kube.ResourceList, n needed) {
	stays := make([]bool, len(list))
	at := map[*resource.Info]int{}
	for i, info := range list {
		at[info] = i
	}
	drop := func(info *resource.Info) { stays[at[info]] = p.drop(info, n) }
	p.tryAll(list.Filter(func(info *resource.Info) bool { return !takesAlong(info) }), drop)
	all := map[string]string{}
	for i, info := range list {
		if stays[i] {
			hold(all, info, ", which is left,")
		}
	}
	maps.Copy(all, n.held)
	n.held = all
	p.tryAll(list.Filter(takesAlong), drop)
}

// drop tells what would become of an object, and returns whether it would stay, or may.
func (p *preview) drop(info *resource.Info, n needed) (stays bool) {
	live, ok := p.read(info)
	if !ok || live == nil {
		return !ok
	}
	change := facts.Change{Ref: refOf(info), Action: facts.ActionDelete, Why: p.stays(info)(live)}
	switch {
	case change.Why != "":
	case takesAlong(info):
		change.Why = n.held[info.Name]
	case isVolume(info):
		change.Why = n.bound[info.Name]
	default:
		change.Why = cmp.Or(n.claimedBy(info), n.namedBy(info))
	}
	if change.Why != "" {
		change.Action = facts.ActionLeave
	}
	p.changes.add(change)
	return change.Why != ""
}
