package main

import (
	"fmt"

	"sigs.k8s.io/kwok/pkg/apis/internalversion"
)

// What a pod's template may ask of the simulated node.
const (
	behaviourKey = "sim.berth.dev/behaviour"
	containerKey = "sim.berth.dev/container"
	delayKey     = "sim.berth.dev/delay"
	logKey       = "sim.berth.dev/log"
	messageKey   = "sim.berth.dev/message"
	scaleKey     = "sim.berth.dev/time-scale"
	stopKey      = "sim.berth.dev/stop"
	timesKey     = "sim.berth.dev/times"
	untilKey     = "sim.berth.dev/until"
)

// defaultScale makes ten seconds of a kubelet one of a test's.
const defaultScale = "0.1"

// stateCondition is the condition in which a pod remembers what no other field
// tells: it holds once the pod passed, and its message begins with how often it
// failed. See passes.go.
const stateCondition = "sim.berth.dev/Passed"

// behaviourQuery (jq) is what a pod does: what its annotation says; otherwise a
// Job's pod completes and any other becomes ready. The tag "missing" cannot be
// pulled whatever the annotation says. A pod that is never restarted cannot crash
// in a loop: it fails, or completes; one that is restarted does not fail, but
// crashes again; and one without an init container has none to crash.
var behaviourQuery = fmt.Sprintf(`
(if any(.spec.containers[].image; endswith(":missing")) then "image-pull"
 elif .metadata.annotations[%q] then .metadata.annotations[%q]
 elif any(.metadata.ownerReferences[]?; .kind == "Job") then "complete"
 else "ready" end) as $b
| if $b == "exit-zero" and .spec.restartPolicy != "Always" then "complete"
  elif .spec.restartPolicy == "Never" and any(%s; . == $b) then "fail"
  elif .spec.restartPolicy == "OnFailure" and $b == "fail" then "crash-loop"
  elif $b == "init-crash" and (any(.spec.initContainers[]?; .restartPolicy != "Always") | not) then "nothing to crash"
  else $b end`,
	behaviourKey, behaviourKey, `"crash-loop", "crash-once", "oom-killed", "liveness-kill", "start-error", "post-start-error"`)

// failuresQuery (jq) is how often the pod failed so far.
var failuresQuery = fmt.Sprintf(`([.status.conditions[]? | select(.type == %q) | .message | split(" ")[0] | tonumber] + [0])[0]`,
	stateCondition)

// stateQuery (jq) is where a pod stands: the reason for waiting or ending of the
// container that its annotation names; else of its first container, an init
// container that is not done before the others; else "ready" or "running". It is
// "new" before the first status, "Pulling" once the volumes are mounted, "passed"
// when it will not fail any more ("done" where it then ends), and "over" at its end.
// A container that ended and will be restarted has "crashed", or "crashed once".
var stateQuery = fmt.Sprintf(`
.metadata.annotations[%q] as $only
| %s as $failures
| [(.status.initContainerStatuses, .status.containerStatuses) | .[]?] as $all
| (if $only then [$all[] | select(.name == $only)]
   else [.status.initContainerStatuses[]? | select(.ready | not)] + (.status.containerStatuses // []) end)[0] as $c
| $c.state.waiting.reason as $waits
| if .status.phase == "Succeeded" or .status.phase == "Failed" then "over"
  elif $c == null then "new"
  elif any(.status.conditions[]?; .type == %q and .status == "True") then
    if .spec.restartPolicy == "Always" then "passed" else "done" end
  elif $c.state.terminated or $waits == "RunContainerError" or $waits == "PostStartHookError" then
    if $failures == 1 then "crashed once" else "crashed" end
  elif $waits == "ContainerCreating" and
       any(.status.conditions[]?; .type == "PodReadyToStartContainers" and .status == "True") then "Pulling"
  else $waits // (if $c.ready then "ready" else "running" end) end`,
	containerKey, failuresQuery, stateCondition)

// delayQuery (jq) is a time of the kubelet in milliseconds, scaled as the pod asks.
func delayQuery(milliseconds string) string {
	return fmt.Sprintf(`((.metadata.annotations[%q] // %q) | tonumber) * (%s) | floor | tostring + "ms"`, scaleKey, defaultScale, milliseconds)
}

// backOffQuery (jq) is how long a kubelet waits before it starts a container again:
// 10, 20, 40, 80, 160 and 300 s after its second, third, ... crash, counted from the
// crash. A second of that is over when it says so.
var backOffQuery = fmt.Sprintf(`[10, 20, 40, 80, 160, 300][[[%s - 2, 0] | max, 5] | min] * 1000 - 1000`, failuresQuery)

// stopQuery (jq) is how long a pod takes to end once it is deleted: as its
// annotation says, which may be "grace": as long as it may.
var stopQuery = fmt.Sprintf(`.metadata.annotations[%q] as $stop
| if $stop == "grace" then .metadata.deletionTimestamp else $stop end`, stopKey)

func selector(all ...internalversion.MatchExpression) *internalversion.StageSelector {
	return &internalversion.StageSelector{MatchExpressions: all}
}

func query(key string, op internalversion.SelectorOperator, values ...string) internalversion.MatchExpression {
	return internalversion.MatchExpression{JQ: &internalversion.SelectorJQ{Key: key, Operator: op, Values: values}}
}

func exists(key string) internalversion.MatchExpression {
	return query(key, internalversion.SelectorOpExists)
}

func missing(key string) internalversion.MatchExpression {
	return query(key, internalversion.SelectorOpDoesNotExist)
}

func oneOf(key string, values ...string) internalversion.MatchExpression {
	return query(key, internalversion.SelectorOpIn, values...)
}

func notOneOf(key string, values ...string) internalversion.MatchExpression {
	return query(key, internalversion.SelectorOpNotIn, values...)
}

func jq(expression string) *internalversion.ExpressionFrom {
	return &internalversion.ExpressionFrom{JQ: &internalversion.ExpressionJQ{Expression: expression}}
}
