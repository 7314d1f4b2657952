package rollout

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// watchPods watches the pods of all workloads, by their own selectors alone, once
// the workloads are there.
func (in *inspector) watchPods(ctx context.Context) {
	sets := map[string][]labels.Set{}
	watches := map[string][]string{}
	for _, p := range in.cases {
		namespace := p.subject.source.namespace
		if p.selector == nil || p.watched {
			continue
		}
		switch p.watched = true; {
		case len(p.selector.MatchExpressions) == 0:
			sets[namespace] = append(sets[namespace], p.selector.MatchLabels)
		default:
			watches[namespace] = append(watches[namespace], p.takes.String())
		}
	}
	for namespace, all := range sets {
		for _, selector := range merged(all) {
			watches[namespace] = append(watches[namespace], selector.String())
		}
	}
	for namespace, selectors := range watches {
		for _, selector := range selectors {
			pods := source{corev1.SchemeGroupVersion.WithResource("pods"), namespace}
			f := &feed{
				resource: in.w.at(pods), source: pods,
				scope:  metav1.ListOptions{LabelSelector: selector},
				sights: in.pods, seen: map[string]bool{},
			}
			in.running.Go(func() { _ = f.run(ctx) }) // without pods there is less to say, and no error
		}
	}
}

// saw takes in a change of a pod.
func (in *inspector) saw(s sight) {
	if s.live == nil {
		for _, p := range in.cases {
			if p.selector != nil && p.subject.source.namespace == s.feed.source.namespace && p.pods[s.name] != nil {
				delete(p.pods, s.name)
				p.moved = time.Now()
			}
		}
		return
	}
	pod, ok := podOf(s.live)
	if !ok {
		return
	}
	for _, p := range in.cases {
		switch {
		case p.selector == nil || p.subject.source.namespace != pod.Namespace || !p.takes.Matches(labels.Set(pod.Labels)):
		case s.gone:
			delete(p.pods, pod.Name)
			p.moved = time.Now()
		default:
			p.pods[pod.Name] = pod
			p.moved = time.Now()
		}
	}
}
