package main

import (
	_ "embed"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
)

// What a pod's template may ask of the simulated node.
const (
	behaviourKey = "sim.berth.dev/behaviour"
	delayKey     = "sim.berth.dev/delay"
	logKey       = "sim.berth.dev/log"
	messageKey   = "sim.berth.dev/message"
)

var behaviours = []string{
	"ready", "slow", "complete", "fail",
	"image-pull", "image-pull-once", "invalid-image",
	"config-error", "config-late", "failed-mount", "mount-late",
	"crash-loop", "crash-once", "oom-killed", "init-crash",
}

// behaviourQuery (jq) is what a pod does: what its annotation says; otherwise a
// Job's pod completes and any other becomes ready. The tag "missing" cannot be
// pulled whatever the annotation says; a pod that is never restarted cannot
// crash in a loop: it fails; and one without an init container has none to crash.
var behaviourQuery = fmt.Sprintf(`
(if any(.spec.containers[].image; endswith(":missing")) then "image-pull"
 elif .metadata.annotations[%q] then .metadata.annotations[%q]
 elif any(.metadata.ownerReferences[]?; .kind == "Job") then "complete"
 else "ready" end) as $b
| if .spec.restartPolicy == "Never" and ($b == "crash-loop" or $b == "crash-once" or $b == "oom-killed") then "fail"
  elif $b == "init-crash" and (any(.spec.initContainers[]?; .restartPolicy != "Always") | not) then "nothing to crash"
  else $b end`,
	behaviourKey, behaviourKey)

// stateQuery (jq) is where a pod stands: the reason for waiting or ending of its
// first container, an init container that is not done before the others, else
// "ready" or "running". It is "new" before the first status, and "Pulling" once
// the volumes are mounted.
const stateQuery = `
([.status.initContainerStatuses[]? | select(.ready | not)] + (.status.containerStatuses // []))[0] as $c
| if $c == null then "new"
  elif $c.state.waiting.reason == "ContainerCreating" and
       any(.status.conditions[]?; .type == "PodReadyToStartContainers" and .status == "True") then "Pulling"
  else $c.state.waiting.reason // $c.state.terminated.reason // (if $c.ready then "ready" else "running" end) end`

// podTemplate renders a whole pod status; a stage sets the variables above it.
//
//go:embed status.yaml.tmpl
var podTemplate string

// stage is one transition of a pod: from a state, for some behaviours, after a
// delay, into the status that the variables describe.
type stage struct {
	name    string
	from    string
	when    []string
	delay   int64 // milliseconds
	asked   bool  // whether the pod's own delay annotation beats it
	phase   string
	ready   bool
	state   string // running, waiting or terminated
	reason  string // of waiting
	restart bool   // whether the restart count rises
	init    bool   // whether it is an init container to which that happens
}

// stages are every pod's ways through life. The delays are a kubelet's own,
// shortened: a test should see a back-off, not sit it out.
//
//nolint:lll // a table, with one stage a line
var stages = []stage{
	{name: "start", from: "new", when: []string{"ready", "complete", "fail"}, phase: "Running", ready: true, state: "running"},
	{name: "start-unready", from: "new", when: []string{"slow", "crash-loop", "crash-once", "oom-killed"}, phase: "Running", state: "running"},
	{name: "slow-ready", from: "running", when: []string{"slow"}, delay: 2000, asked: true, phase: "Running", ready: true, state: "running"},
	{name: "complete", from: "ready", when: []string{"complete"}, asked: true, phase: "Succeeded", state: "terminated"},
	{name: "fail", from: "ready", when: []string{"fail"}, asked: true, phase: "Failed", state: "terminated"},

	{name: "crash", from: "running", when: []string{"crash-loop", "crash-once", "oom-killed"}, delay: 100, phase: "Running", state: "waiting", reason: "CrashLoopBackOff", restart: true},
	{name: "restart", from: "CrashLoopBackOff", when: []string{"crash-loop", "oom-killed"}, delay: 1500, phase: "Running", state: "running"},
	{name: "restart-well", from: "CrashLoopBackOff", when: []string{"crash-once"}, delay: 1500, phase: "Running", ready: true, state: "running"},
	{name: "init-start", from: "new", when: []string{"init-crash"}, phase: "Pending", state: "running", init: true},
	{name: "init-crash", from: "running", when: []string{"init-crash"}, delay: 100, phase: "Pending", state: "waiting", reason: "CrashLoopBackOff", restart: true, init: true},
	{name: "init-restart", from: "CrashLoopBackOff", when: []string{"init-crash"}, delay: 1500, phase: "Pending", state: "running", init: true},

	{name: "pull", from: "new", when: []string{"image-pull", "image-pull-once"}, phase: "Pending", state: "waiting", reason: "ErrImagePull"},
	{name: "pull-back-off", from: "ErrImagePull", when: []string{"image-pull", "image-pull-once"}, delay: 500, phase: "Pending", state: "waiting", reason: "ImagePullBackOff"},
	{name: "pull-again", from: "ImagePullBackOff", when: []string{"image-pull"}, delay: 2000, phase: "Pending", state: "waiting", reason: "ErrImagePull"},
	{name: "pull-well", from: "ImagePullBackOff", when: []string{"image-pull-once"}, delay: 2000, phase: "Running", ready: true, state: "running"},
	{name: "invalid-image", from: "new", when: []string{"invalid-image"}, phase: "Pending", state: "waiting", reason: "InvalidImageName"},

	{name: "config-error", from: "new", when: []string{"config-error", "config-late"}, phase: "Pending", state: "waiting", reason: "CreateContainerConfigError"},
	{name: "config-well", from: "CreateContainerConfigError", when: []string{"config-late"}, delay: 2000, asked: true, phase: "Running", ready: true, state: "running"},
	{name: "mount", from: "new", when: []string{"failed-mount", "mount-late"}, phase: "Pending", state: "waiting", reason: "ContainerCreating"},
	{name: "mount-again", from: "ContainerCreating", when: []string{"failed-mount"}, delay: 1000, phase: "Pending", state: "waiting", reason: "ContainerCreating"},
	{name: "mount-well", from: "ContainerCreating", when: []string{"mount-late"}, delay: 1000, phase: "Pending", state: "waiting", reason: "Pulling"},
	{name: "pulled", from: "Pulling", when: []string{"mount-late"}, delay: 2000, asked: true, phase: "Running", ready: true, state: "running"},

	// A misspelt behaviour has to be seen, not waited for.
	{name: "unknown", from: "new", phase: "Pending", state: "waiting", reason: "UnknownBehaviour"},
}

var (
	podRef  = internalversion.StageResourceRef{APIGroup: "v1", Kind: "Pod"}
	nodeRef = internalversion.StageResourceRef{APIGroup: "v1", Kind: "Node"}
)

func podStages() []*internalversion.Stage {
	list := []*internalversion.Stage{{
		ObjectMeta: metav1.ObjectMeta{Name: "delete"},
		Spec: internalversion.StageSpec{
			ResourceRef: podRef,
			Selector:    selector(exists(".metadata.deletionTimestamp")),
			Steps:       []internalversion.StageStep{{Delete: true}},
		},
	}}
	for _, s := range stages {
		list = append(list, s.build())
	}
	return list
}

func (s stage) build() *internalversion.Stage {
	who := oneOf(behaviourQuery, s.when...)
	if len(s.when) == 0 {
		who = notOneOf(behaviourQuery, behaviours...)
	}
	delay := &internalversion.StageDelay{DurationMilliseconds: &s.delay}
	if s.asked {
		delay.DurationFrom = &internalversion.ExpressionFrom{
			JQ: &internalversion.ExpressionJQ{Expression: fmt.Sprintf(`.metadata.annotations[%q]`, delayKey)},
		}
	}
	var variables strings.Builder
	for name, value := range map[string]any{
		"name": s.name, "phase": s.phase, "ready": s.ready, "state": s.state, "reason": s.reason, "restart": s.restart, "init": s.init,
	} {
		fmt.Fprintf(&variables, "{{ $%s := %#v }}", name, value)
	}
	return &internalversion.Stage{
		ObjectMeta: metav1.ObjectMeta{Name: s.name},
		Spec: internalversion.StageSpec{
			ResourceRef: podRef,
			Selector:    selector(missing(".metadata.deletionTimestamp"), oneOf(stateQuery, s.from), who),
			Delay:       delay,
			Steps: []internalversion.StageStep{{Patch: &internalversion.StagePatch{
				Subresource: "status", Root: "status", Template: variables.String() + podTemplate,
			}}},
		},
	}
}

// nodeStages has kwok watch the node, which it does only for a stage that may
// match; the node's status never changes.
func nodeStages() []*internalversion.Stage {
	return []*internalversion.Stage{{
		ObjectMeta: metav1.ObjectMeta{Name: "node"},
		Spec: internalversion.StageSpec{
			ResourceRef: nodeRef,
			Selector:    selector(missing(".metadata.name")),
		},
	}}
}

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
