package main

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
)

// What pods do: groups of behaviours that go the same ways.
var (
	healthy  = []string{"ready", "complete"}
	crashing = []string{"crash-loop", "crash-once", "oom-killed", "exit-zero"} // after a second
	killed   = []string{"liveness-kill"}                                       // after half a minute
	initial  = []string{"init-crash"}
	unborn   = []string{"start-error"}
	unhooked = []string{"post-start-error"}
	pulling  = []string{"image-pull", "image-pull-once"}
	creating = []string{"failed-mount", "sandbox-error"}

	behaviours = slices.Concat(healthy, crashing, killed, initial, unborn, unhooked, pulling, creating,
		[]string{"slow", "fail", "unready", "invalid-image", "config-error", "config-late", "mount-late"})
)

// stage is one transition of a pod: from a state, for some behaviours, after a
// delay, into the status that the variables describe.
type stage struct {
	name    string
	from    string // states, separated by commas
	when    []string
	delay   int64 // milliseconds of a kubelet
	backOff bool  // whether the delay is that before the next restart
	asked   bool  // whether the delay is the test's: its annotation beats it, and it is not scaled
	phase   string
	ready   bool
	state   string // running, waiting or terminated
	reason  string // of waiting
	restart bool   // whether the restart count rises
	init    bool   // whether it is an init container to which that happens
	bare    bool   // whether a container without a readiness probe is ready all the same
	fails   bool   // whether it is a failure; instead of one too many the pod passes
}

// stages are every pod's ways through life, with a kubelet's own delays.
//
//nolint:lll // a table, with one stage a line
var stages = []stage{
	{name: "start", from: "new", when: append([]string{"fail"}, healthy...), phase: "Running", ready: true, state: "running"},
	{name: "start-unready", from: "new", when: []string{"slow", "unready"}, phase: "Running", state: "running"},
	{name: "start-well", from: "new", when: slices.Concat(crashing, killed), phase: "Running", state: "running", bare: true},
	{name: "slow-ready", from: "running", when: []string{"slow"}, delay: 2000, asked: true, phase: "Running", ready: true, state: "running"},
	{name: "complete", from: "ready", when: []string{"complete"}, asked: true, phase: "Succeeded", state: "terminated"},
	{name: "fail", from: "ready", when: []string{"fail"}, asked: true, phase: "Failed", state: "terminated", fails: true},
	{name: "unready-again", from: "running", when: []string{"unready"}, delay: 10000, phase: "Running", state: "running", fails: true},

	{name: "crash", from: "running, ready", when: crashing, delay: 1000, phase: "Running", state: "terminated", fails: true},
	{name: "kill", from: "running, ready", when: killed, delay: 30000, phase: "Running", state: "terminated", fails: true},
	{name: "restart", from: "crashed once", when: slices.Concat(crashing, killed), delay: 500, phase: "Running", state: "running", restart: true, bare: true},
	{name: "back-off", from: "crashed", when: slices.Concat(crashing, killed), delay: 1000, phase: "Running", state: "waiting", reason: "CrashLoopBackOff"},
	{name: "restart-late", from: "CrashLoopBackOff", when: slices.Concat(crashing, killed), backOff: true, phase: "Running", state: "running", restart: true, bare: true},

	{name: "init-start", from: "new", when: initial, phase: "Pending", state: "running", init: true},
	{name: "init-crash", from: "running", when: initial, delay: 1000, phase: "Pending", state: "terminated", init: true, fails: true},
	{name: "init-restart", from: "crashed once", when: initial, delay: 500, phase: "Pending", state: "running", init: true, restart: true},
	{name: "init-back-off", from: "crashed", when: initial, delay: 1000, phase: "Pending", state: "waiting", reason: "CrashLoopBackOff", init: true},
	{name: "init-restart-late", from: "CrashLoopBackOff", when: initial, backOff: true, phase: "Pending", state: "running", init: true, restart: true},

	{name: "start-error", from: "new", when: unborn, phase: "Running", state: "waiting", reason: "RunContainerError", fails: true},
	{name: "start-error-again", from: "crashed once", when: unborn, delay: 1000, phase: "Running", state: "waiting", reason: "RunContainerError", restart: true, fails: true},
	{name: "start-error-late", from: "CrashLoopBackOff", when: unborn, backOff: true, phase: "Running", state: "waiting", reason: "RunContainerError", restart: true, fails: true},
	{name: "post-start", from: "new", when: unhooked, phase: "Running", state: "waiting", reason: "PostStartHookError", fails: true},
	{name: "post-start-again", from: "crashed once", when: unhooked, delay: 1000, phase: "Running", state: "waiting", reason: "PostStartHookError", restart: true, fails: true},
	{name: "post-start-late", from: "CrashLoopBackOff", when: unhooked, backOff: true, phase: "Running", state: "waiting", reason: "PostStartHookError", restart: true, fails: true},
	{name: "back-off-unstarted", from: "crashed", when: slices.Concat(unborn, unhooked), delay: 3000, phase: "Running", state: "waiting", reason: "CrashLoopBackOff"},

	// Of every second sync the status tells what the one before it ran into: the
	// second pull has failed, by its events, when the status tells of the back-off.
	{name: "pull", from: "new", when: pulling, phase: "Pending", state: "waiting", reason: "Pulling"},
	{name: "pull-fails", from: "Pulling", when: pulling, delay: 1000, phase: "Pending", state: "waiting", reason: "ErrImagePull", fails: true},
	{name: "pull-again", from: "ErrImagePull", when: pulling, delay: 12500, phase: "Pending", state: "waiting", reason: "ImagePullBackOff", fails: true},
	{name: "pull-back-off", from: "ImagePullBackOff", when: pulling, delay: 12500, phase: "Pending", state: "waiting", reason: "ErrImagePull"},
	{name: "invalid-image", from: "new", when: []string{"invalid-image"}, phase: "Pending", state: "waiting", reason: "InvalidImageName"},

	{name: "config-error", from: "new", when: []string{"config-error", "config-late"}, phase: "Pending", state: "waiting", reason: "CreateContainerConfigError"},
	{name: "config-well", from: "CreateContainerConfigError", when: []string{"config-late"}, delay: 2000, asked: true, phase: "Running", ready: true, state: "running"},
	{name: "create", from: "new", when: creating, phase: "Pending", state: "waiting", reason: "ContainerCreating", fails: true},
	{name: "create-again", from: "ContainerCreating", when: creating, delay: 10000, phase: "Pending", state: "waiting", reason: "ContainerCreating", fails: true},
	{name: "mount", from: "new", when: []string{"mount-late"}, phase: "Pending", state: "waiting", reason: "ContainerCreating"},
	{name: "mount-well", from: "ContainerCreating", when: []string{"mount-late"}, delay: 10000, phase: "Pending", state: "waiting", reason: "Pulling"},
	{name: "pulled", from: "Pulling", when: []string{"mount-late"}, delay: 2000, asked: true, phase: "Running", ready: true, state: "running"},

	{name: "complete-after-all", from: "done", when: behaviours, asked: true, phase: "Succeeded", state: "terminated"},
	// A misspelt behaviour has to be seen, not waited for.
	{name: "unknown", from: "new", phase: "Pending", state: "waiting", reason: "UnknownBehaviour"},
}

// stopping is the end of what runs in a pod that is deleted.
var stopping = stage{name: "stop", when: behaviours, phase: "Failed", state: "terminated"}

var (
	podRef  = internalversion.StageResourceRef{APIGroup: "v1", Kind: "Pod"}
	nodeRef = internalversion.StageResourceRef{APIGroup: "v1", Kind: "Node"}
)

func podStages() []*internalversion.Stage {
	var list []*internalversion.Stage
	for _, s := range stages {
		list = append(list, s.build(oneOf(stateQuery, strings.Split(s.from, ", ")...), missing(".metadata.deletionTimestamp")))
	}
	return append(list, stopStages()...)
}

// stopStages end a pod that is deleted. What runs is ended first, after the time
// that it takes for that; the pod goes when nothing runs in it.
func stopStages() []*internalversion.Stage {
	deleted, now := exists(".metadata.deletionTimestamp"), int64(0)
	stop := stopping.build(deleted, oneOf(".status.phase", "Running"))
	stop.Spec.Delay = &internalversion.StageDelay{DurationMilliseconds: &now, DurationFrom: jq(stopQuery)}
	return append([]*internalversion.Stage{stop}, &internalversion.Stage{
		ObjectMeta: metav1.ObjectMeta{Name: "delete"},
		Spec: internalversion.StageSpec{
			ResourceRef: podRef,
			Selector:    selector(deleted, notOneOf(".status.phase", "Running")),
			Steps:       []internalversion.StageStep{{Delete: true}},
		},
	})
}

// podTemplate has the status function render what a stage does to a pod.
const podTemplate = `{{ Status %q . (or .status.podIP (PodIPWith .spec.nodeName (or .spec.hostNetwork false)
	.metadata.uid .metadata.name .metadata.namespace)) }}`

func (s stage) build(where ...internalversion.MatchExpression) *internalversion.Stage {
	who := oneOf(behaviourQuery, s.when...)
	if len(s.when) == 0 {
		who = notOneOf(behaviourQuery, behaviours...)
	}
	delay := &internalversion.StageDelay{DurationMilliseconds: &s.delay}
	switch {
	case s.asked:
		delay.DurationFrom = jq(fmt.Sprintf(`.metadata.annotations[%q]`, delayKey))
	case s.backOff:
		delay.DurationFrom = jq(delayQuery(backOffQuery))
	default:
		delay.DurationFrom = jq(delayQuery(fmt.Sprint(s.delay)))
	}
	return &internalversion.Stage{
		ObjectMeta: metav1.ObjectMeta{Name: s.name},
		Spec: internalversion.StageSpec{
			ResourceRef: podRef,
			Selector:    selector(append(where, who)...),
			Delay:       delay,
			Steps: []internalversion.StageStep{{Patch: &internalversion.StagePatch{
				Subresource: "status", Root: "status", Template: fmt.Sprintf(podTemplate, s.name),
			}}},
		},
	}
}

// nodeStages has kwok watch its nodes, which it does only for a stage that may
// match; a node's status never changes.
func nodeStages() []*internalversion.Stage {
	return []*internalversion.Stage{{
		ObjectMeta: metav1.ObjectMeta{Name: "node"},
		Spec: internalversion.StageSpec{
			ResourceRef: nodeRef,
			Selector:    selector(missing(".metadata.name")),
		},
	}}
}
