package rollout

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// The bounds of a selector, which becomes part of a URL.
const (
	maxValues   = 40   // of one label
	maxSelector = 2048 // bytes
)

// feeds are the watches that see all of the subjects: one for each kind and
// namespace, if one can be kept to what is the release's own.
func (w *Waiter) feeds(subjects []*subject) []*feed {
	groups := map[source][]*subject{}
	var order []source
	for _, s := range subjects {
		if groups[s.source] == nil {
			order = append(order, s.source)
		}
		groups[s.source] = append(groups[s.source], s)
	}
	var all []*feed
	for _, from := range order {
		group := groups[from]
		scope, ok := scopeOf(group, w.OwnNamespace && from.namespace != "" && from.namespace == w.Namespace, w.Release)
		if ok {
			all = append(all, w.feed(scope, group...))
			continue
		}
		for _, s := range group {
			all = append(all, w.feed(byName(s), s))
		}
	}
	return all
}

func (w *Waiter) feed(scope metav1.ListOptions, group ...*subject) *feed {
	f := &feed{resource: group[0].resource, source: group[0].source, scope: scope, names: map[string]*subject{}, subjects: group, open: len(group)}
	for _, s := range group {
		f.names[s.object.Name] = s
	}
	f.from = oldest(group)
	return f
}

// oldest is the version from which on a watch misses nothing of any of them, or
// nothing where one is not there or its version cannot be compared.
func oldest(group []*subject) string {
	var from *subject
	for _, s := range group {
		if s.live == nil || versionOf(s.live) == 0 {
			return ""
		}
		if from == nil || versionOf(s.live) < versionOf(from.live) {
			from = s
		}
	}
	return from.live.GetResourceVersion()
}

// scopeOf is the narrowest scope of one watch for all of them. In a namespace
// that others share, a watch of everything would bring their objects, too, and so
// would one by labels that the releases of other branches have alike.
func scopeOf(group []*subject, own bool, release string) (scope metav1.ListOptions, ok bool) {
	if len(group) == 1 {
		return byName(group[0]), true
	}
	sets := make([]labels.Set, len(group))
	for i, s := range group {
		if s.live != nil {
			sets[i] = s.live.GetLabels()
		}
	}
	if selector, ok := shared(sets); ok && (own || apart(sets, release)) {
		return metav1.ListOptions{LabelSelector: selector}, true
	}
	return metav1.ListOptions{}, own
}

func byName(s *subject) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", s.object.Name).String()}
}
