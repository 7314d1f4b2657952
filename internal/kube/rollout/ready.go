package rollout

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/text"
)

// Readiness is what an object says of itself.
type Readiness struct {
	Ready  bool
	Failed bool   // waiting cannot make it ready
	Reason string // why it is not ready; may hold text from the object
}

// Ready judges an object by nothing but its own content. It is kstatus with
// these differences: a workload that its controller has not looked at yet is
// never ready; a paused Deployment is (as Helm has it), and a DaemonSet that is
// updated by hand; a failed Pod has failed;
// a load balancer's Service needs an address; and a Pod that crashes or finds no
// node is not ready but not failed either, since both can pass.
//
// A Job is ready as long as it has not failed: whether it ran to its end is
// Complete's to say.
func Ready(u *unstructured.Unstructured) Readiness {
	if u == nil {
		return Readiness{Reason: "it does not exist"}
	}
	if u.GetDeletionTimestamp() != nil {
		return Readiness{Reason: "it is being deleted"}
	}
	switch u.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}:
		if paused, _, _ := unstructured.NestedBool(u.Object, "spec", "paused"); paused && !failedProgress(u) {
			return Readiness{Ready: true}
		}
		return workload(u)
	case schema.GroupKind{Group: "apps", Kind: "DaemonSet"}:
		return daemonSet(u)
	case schema.GroupKind{Group: "apps", Kind: "StatefulSet"},
		schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}:
		return workload(u)
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		return job(u)
	case schema.GroupKind{Kind: "Pod"}:
		return pod(u)
	case schema.GroupKind{Kind: "Service"}:
		return service(u)
	}
	return compute(u)
}

// Complete says that a Job or Pod ran to its end with success.
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

// workload asks that the controller has seen the present generation: without a
// status, kstatus takes a StatefulSet with OnDelete or no replicas as current.
func workload(u *unstructured.Unstructured) Readiness {
	seen, ok, err := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	if err != nil || !ok || seen < u.GetGeneration() {
		return Readiness{Reason: "its controller has not looked at it yet"}
	}
	r := compute(u)
	if refused, why := condition(u, "ReplicaFailure"); refused && !r.Ready {
		r.Reason += why
	}
	return r
}

// daemonSet is ready where its pods are replaced only when somebody deletes them:
// there is nothing to wait for then, as kstatus has it of a StatefulSet.
func daemonSet(u *unstructured.Unstructured) Readiness {
	r := workload(u)
	if how, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type"); how == "OnDelete" && looked(u) {
		return Readiness{Ready: true}
	}
	return r
}

func failedProgress(u *unstructured.Unstructured) bool { return exceeded(u) != "" }

// exceeded tells the progress deadlines apart that a Deployment exceeded: when that
// was; empty when it has not.
func exceeded(u *unstructured.Unstructured) string {
	for _, c := range conditions(u) {
		if c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded" {
			return fmt.Sprint("at ", c["lastUpdateTime"])
		}
	}
	return ""
}

func job(u *unstructured.Unstructured) Readiness {
	if failed, why := jobFailed(u); failed {
		return Readiness{Failed: true, Reason: "the Job failed" + why}
	}
	return Readiness{Ready: true}
}

// jobFailed says whether a Job can no longer succeed. FailureTarget comes first,
// while its pods are still there to tell why.
func jobFailed(u *unstructured.Unstructured) (failed bool, why string) {
	for _, kind := range []string{"Failed", "FailureTarget"} {
		if failed, why = condition(u, kind); failed {
			return true, why
		}
	}
	return false, ""
}

func pod(u *unstructured.Unstructured) Readiness {
	switch phase(u) {
	case "Failed":
		reason, _, _ := unstructured.NestedString(u.Object, "status", "message")
		if reason == "" {
			reason, _, _ = unstructured.NestedString(u.Object, "status", "reason")
		}
		return Readiness{Failed: true, Reason: "the Pod failed" + text.After(": ", told(reason))}
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
			return Readiness{Reason: "the Pod finds no node" + text.After(": ", told(message))}
		}
	}
	return Readiness{Reason: "the Pod is pending"}
}

func service(u *unstructured.Unstructured) Readiness {
	kind, _, _ := unstructured.NestedString(u.Object, "spec", "type")
	own, _, _ := unstructured.NestedSlice(u.Object, "spec", "externalIPs")
	given, _, _ := unstructured.NestedSlice(u.Object, "status", "loadBalancer", "ingress")
	if kind == "LoadBalancer" && len(own) == 0 && len(given) == 0 {
		return Readiness{Reason: "the load balancer has no address yet"}
	}
	return compute(u)
}

// compute asks kstatus. It asserts types on what it is given, so that an odd
// custom resource can make it panic; that is taken as "cannot be judged".
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
		return Readiness{Failed: true, Reason: result.Message + detail(result)}
	case status.InProgressStatus, status.TerminatingStatus, status.NotFoundStatus, status.UnknownStatus:
	}
	return Readiness{Reason: result.Message}
}

// detail is what the object's controller said, where kstatus only names it.
func detail(result *status.Result) string {
	for _, c := range result.Conditions {
		if c.Message != "" && c.Message != result.Message {
			return ": " + c.Message
		}
	}
	return ""
}
