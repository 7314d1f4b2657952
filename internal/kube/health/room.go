package health

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/text"
)

// Excused returns why an object that is not ready by its own content is as ready as
// it will be, with what is to be told of that: a claim that awaits its first
// consumer, by its events, oldest first; a Deployment that lacks no more pods than it
// may, all of which no node takes. pods are all of the Deployment's.
func Excused(u *unstructured.Unstructured, events []Event, pods []*corev1.Pod) (remark Remark, excused bool) {
	if AwaitsConsumer(u, events) {
		return Remark{Text: "it is bound when a pod uses it, and none does yet"}, true
	}
	return unplaced(u, pods)
}

// MayBeExcused returns whether it takes more than the object itself to tell whether it
// is excused: its events, or its pods.
func MayBeExcused(u *unstructured.Unstructured) bool {
	return u.GroupVersionKind().GroupKind() == schema.GroupKind{Kind: "PersistentVolumeClaim"} && phase(u) == "Pending" ||
		lacksAFew(u)
}

// lacksAFew returns whether a Deployment, all of whose pods are of its present
// revision, has as many available as its maxUnavailable asks for.
func lacksAFew(u *unstructured.Unstructured) bool {
	if u.GroupVersionKind().GroupKind() != (schema.GroupKind{Group: "apps", Kind: "Deployment"}) || !Observed(u) {
		return false
	}
	wanted, missing := number(u, 1, "spec", "replicas"), missingPods(u)
	return Available(u) && !ReplicaFailure(u) && missing > 0 && missing <= maxUnavailable(u, wanted) &&
		number(u, 0, "status", "replicas") == wanted && number(u, 0, "status", "updatedReplicas") == wanted
}

func missingPods(u *unstructured.Unstructured) int {
	return number(u, 1, "spec", "replicas") - number(u, 0, "status", "availableReplicas")
}

// unplaced excuses a Deployment that lacks a few pods, if no node takes any of these.
// To Helm it is ready then.
func unplaced(u *unstructured.Unstructured, pods []*corev1.Pod) (remark Remark, excused bool) {
	if !lacksAFew(u) {
		return Remark{}, false
	}
	missing, placeless, why := missingPods(u), 0, ""
	for _, p := range pods {
		if PodReason(p) == "" {
			continue
		}
		c := unschedulable(p)
		if c == nil {
			return Remark{}, false
		}
		placeless++
		why = Sanitize(c.Message)
	}
	if placeless < missing {
		return Remark{}, false
	}
	wanted := number(u, 1, "spec", "replicas")
	return Remark{Warning: true, Text: fmt.Sprintf("only %d of %d pods run, which its maxUnavailable allows: no node takes the others",
		wanted-missing, wanted) + text.After(": ", why)}, true
}

// unschedulable returns the condition by which no node takes a pod, or nil.
func unschedulable(p *corev1.Pod) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		c := &p.Status.Conditions[i]
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return c
		}
	}
	return nil
}

// maxUnavailable returns how many pods a Deployment may lack, as its controller
// counts: a share is rounded down, and without any surge it is one at least.
func maxUnavailable(u *unstructured.Unstructured, wanted int) int {
	strategy, _, _ := unstructured.NestedString(u.Object, "spec", "strategy", "type")
	if strategy == "Recreate" {
		return 0
	}
	part := func(field string) (n, remainder int) {
		raw, found, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "strategy", "rollingUpdate", field)
		if !found {
			raw = "25%"
		}
		if share, ok := raw.(string); ok && strings.HasSuffix(share, "%") {
			percent, _ := strconv.Atoi(strings.TrimSuffix(share, "%"))
			return percent * wanted / 100, percent * wanted % 100
		}
		whole, _ := integer(raw)
		return int(whole), 0
	}
	unavailable, _ := part("maxUnavailable")
	surge, remainder := part("maxSurge")
	if unavailable == 0 && surge == 0 && remainder == 0 {
		unavailable = 1
	}
	return min(unavailable, wanted)
}
