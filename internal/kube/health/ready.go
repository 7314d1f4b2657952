package health

import (
	"cmp"
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Readiness is the state of an object by its own content.
type Readiness struct {
	Ready  bool
	Failed bool   // it cannot become ready any more
	Reason string // why it is not ready; may hold untrusted text of the object
	Remark Remark // on one that is ready all the same
}

// Remark is what is to be told of an object although it counts as ready. The zero
// value is none.
type Remark struct {
	Text    string // may hold untrusted text, sanitized
	Warning bool   // somebody should do something about it
}

// Ready returns the readiness of an object; nil stands for one that does not
// exist. The result is that of kstatus
// (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md)
// with these differences:
//   - A workload is not ready before its controller has observed its present
//     generation.
//   - A paused Deployment is ready, as in Helm, and so are the pods of an earlier
//     revision of what has the update strategy OnDelete, both with a remark.
//   - A Pod in phase Failed has failed. A Pod that crashes or cannot be scheduled
//     is not ready, but has not failed: both can pass.
//   - A Service of type LoadBalancer needs an address.
//   - A Job is ready unless it failed. Use Complete to see whether it succeeded.
//   - An APIService is ready; one that is not available is so with a warning.
//   - A custom resource of which nothing can be told is ready, with a remark.
func Ready(u *unstructured.Unstructured) Readiness {
	if u == nil {
		return Readiness{Reason: "it does not exist"}
	}
	if u.GetDeletionTimestamp() != nil {
		return Readiness{Reason: "it is being deleted"}
	}
	switch u.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}:
		if paused, _, _ := unstructured.NestedBool(u.Object, "spec", "paused"); paused && ProgressDeadline(u) == "" {
			return Readiness{Ready: true, Remark: held(u)}
		}
		return workload(u)
	case schema.GroupKind{Group: "apps", Kind: "DaemonSet"},
		schema.GroupKind{Group: "apps", Kind: "StatefulSet"},
		schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}:
		return workload(u)
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		return job(u)
	case schema.GroupKind{Kind: "Pod"}:
		return pod(u)
	case schema.GroupKind{Kind: "Service"}:
		return service(u)
	case schema.GroupKind{Group: "apiregistration.k8s.io", Kind: "APIService"}:
		return apiService(u)
	}
	if IsCustom(u.GroupVersionKind().Group) {
		return custom(u)
	}
	return compute(u)
}

// Complete returns whether the object is a Job or Pod that ran to its end with
// success.
func Complete(u *unstructured.Unstructured) bool {
	if u == nil {
		return false
	}
	switch u.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		done, _ := condition(u, "Complete")
		return done
	case schema.GroupKind{Kind: "Pod"}:
		return phase(u) == "Succeeded"
	}
	return false
}

// Failed returns whether the object is a Job or Pod that can no longer succeed,
// with the Job's reason and message. A Pod's reason is left to PodReason.
func Failed(u *unstructured.Unstructured) (failed bool, reason string) {
	switch u.GetKind() {
	case "Job":
		return jobFailed(u)
	case "Pod":
		return phase(u) == "Failed", ""
	}
	return false, ""
}

// workload requires that the controller has observed the present generation:
// kstatus takes a StatefulSet without a status as current if it has the strategy
// OnDelete or no replicas.
func workload(u *unstructured.Unstructured) Readiness {
	if !Observed(u) {
		return Readiness{Reason: "its controller has not looked at it yet"}
	}
	if updatedByHand(u) {
		return byHand(u)
	}
	r := compute(u)
	if failing, why := condition(u, "ReplicaFailure"); failing && !r.Ready {
		r.Reason = join(r.Reason, why)
	}
	return r
}

// ProgressDeadline identifies the progress deadline that a Deployment has
// exceeded, by the time of its condition. It is "" while none is exceeded.
func ProgressDeadline(u *unstructured.Unstructured) string {
	for _, c := range conditions(u) {
		if c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded" {
			return fmt.Sprint("at ", c["lastUpdateTime"])
		}
	}
	return ""
}

func pod(u *unstructured.Unstructured) Readiness {
	switch phase(u) {
	case "Failed":
		reason, _, _ := unstructured.NestedString(u.Object, "status", "message")
		if reason == "" {
			reason, _, _ = unstructured.NestedString(u.Object, "status", "reason")
		}
		return Readiness{Failed: true, Reason: join("the Pod failed", Sanitize(reason))}
	case "Succeeded":
		return Readiness{Ready: true}
	case "Running":
		if ready, _ := condition(u, "Ready"); ready {
			return Readiness{Ready: true}
		}
		return Readiness{Reason: "the Pod is running but not ready"}
	}
	for _, c := range conditions(u) {
		if c["type"] == "PodScheduled" && c["reason"] == "Unschedulable" {
			message, _ := c["message"].(string)
			return Readiness{Reason: join("the Pod finds no node", Sanitize(message))}
		}
	}
	return Readiness{Reason: "the Pod is pending"}
}

func service(u *unstructured.Unstructured) Readiness {
	kind, _, _ := unstructured.NestedString(u.Object, "spec", "type")
	external, _, _ := unstructured.NestedSlice(u.Object, "spec", "externalIPs")
	ingress, _, _ := unstructured.NestedSlice(u.Object, "status", "loadBalancer", "ingress")
	if kind == "LoadBalancer" && len(external) == 0 && len(ingress) == 0 {
		return Readiness{Reason: "the load balancer has no address yet"}
	}
	return compute(u)
}

// apiService is ready also while it is not available: Helm does not wait for it, and
// who serves it may be no part of the release. But that is worth a warning.
func apiService(u *unstructured.Unstructured) Readiness {
	c, found := lastOf(conditions(u), "Available")
	if !found || conditionStatus(c) == "True" {
		return Readiness{Ready: true}
	}
	return Readiness{Ready: true, Remark: Remark{Warning: true, Text: "it is not available: " + cmp.Or(Sanitize(whyOf(c)), "nobody says why") +
		". While that is so, no namespace of the cluster comes to its end when it is deleted"}}
}

// Available returns whether an object has the condition Available: a Deployment, or
// an APIService.
func Available(u *unstructured.Unstructured) bool {
	available, _ := condition(u, "Available")
	return available
}

// compute returns the result of kstatus. kstatus asserts types and panics on
// some malformed objects; these are not ready.
func compute(u *unstructured.Unstructured) (r Readiness) {
	defer func() {
		if p := recover(); p != nil {
			r = Readiness{Reason: fmt.Sprintf("its status cannot be read: %v", p)}
		}
	}()
	result, err := status.Compute(u)
	if err != nil {
		return Readiness{Reason: fmt.Sprintf("its status cannot be read: %v", err)}
	}
	switch result.Status {
	case status.CurrentStatus:
		return Readiness{Ready: true}
	case status.FailedStatus:
		return Readiness{Failed: true, Reason: join(result.Message, detail(result))}
	case status.InProgressStatus, status.TerminatingStatus, status.NotFoundStatus, status.UnknownStatus:
	}
	return Readiness{Reason: result.Message}
}

// detail returns the first condition's message that the result does not repeat
// already: kstatus often gives nothing but the condition's reason.
func detail(result *status.Result) string {
	for _, c := range result.Conditions {
		if c.Message != "" && c.Message != result.Message {
			return c.Message
		}
	}
	return ""
}
