package health

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func TestExcused(t *testing.T) {
	const (
		web      = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, generation: 1}, spec: {replicas: 2, strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 50%, maxSurge: 1}}}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: 'True'}]}}"
		claim    = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, status: {phase: Pending}}"
		running  = "{phase: Running, conditions: [{type: Ready, status: 'True'}]}"
		starting = "{phase: Running, conditions: [{type: Ready, status: 'False'}]}"
		placed   = "{phase: Pending, conditions: [{type: PodScheduled, status: 'True'}]}"
		nowhere  = "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: 0/1 nodes}]}"
		gated    = "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated}]}"
	)
	waits := []Event{{Reason: "WaitForFirstConsumer"}}
	for name, c := range map[string]struct {
		object  string
		events  []Event
		pods    []string
		excused bool
		warning bool
	}{
		"one of two finds no node":   {web, nil, []string{running, nowhere}, true, true},
		"the other one starts":       {web, nil, []string{running, starting}, false, false},
		"the other one has a node":   {web, nil, []string{running, placed}, false, false},
		"the other one is held back": {web, nil, []string{running, gated}, false, false},
		"one more is about to go":    {web, nil, []string{running, nowhere, starting}, false, false},
		"the pods may not be read":   {web, nil, nil, false, false},
		"it may lack none":           {strings.Replace(web, "50%", "0", 1), nil, []string{running, nowhere}, false, false},
		"it may lack half a pod":     {strings.Replace(web, "50%", "49%", 1), nil, []string{running, nowhere}, false, false},
		"the default allows none of two": {strings.Replace(web, "maxUnavailable: 50%, maxSurge: 1", "", 1), nil, []string{running,
			nowhere}, false, false},
		"without a surge it is one": {strings.Replace(web, "maxUnavailable: 50%, maxSurge: 1", "maxUnavailable: 0, maxSurge: 0", 1),
			nil, []string{running, nowhere}, true, true},
		"a number, not a share": {strings.Replace(web, "50%", "1", 1), nil, []string{running, nowhere}, true, true},
		"pods of the revision before": {strings.Replace(web, "updatedReplicas: 2", "updatedReplicas: 1", 1), nil, []string{running,
			nowhere}, false, false},
		"it is not available": {strings.Replace(web, "status: 'True'", "status: 'False'", 1), nil, []string{running, nowhere},
			false, false},
		"its controller has not looked": {strings.Replace(web, "observedGeneration: 1", "observedGeneration: 0", 1), nil,
			[]string{running, nowhere}, false, false},
		"all at once": {strings.Replace(web, "type: RollingUpdate", "type: Recreate", 1), nil, []string{running,
			nowhere}, false, false},
		"a StatefulSet": {strings.Replace(web, "Deployment", "StatefulSet", 1), nil, []string{running, nowhere}, false,
			false},
		"a claim that nobody uses": {claim, waits, nil, true, false},
		"a claim that somebody uses": {claim, []Event{{Reason: "WaitForFirstConsumer"}, {Reason: "WaitForPodScheduled"}}, nil, false,
			false},
		"a claim of which events say naught": {claim, nil, nil, false, false},
	} {
		u := object(t, c.object)
		var pods []*corev1.Pod
		for _, status := range c.pods {
			p := &corev1.Pod{}
			if err := yaml.Unmarshal([]byte("{metadata: {name: web-x}, status: "+status+"}"), p); err != nil {
				t.Fatal(err)
			}
			pods = append(pods, p)
		}
		remark, excused := Excused(u, c.events, pods)
		if excused != c.excused || remark.Warning != c.warning || (remark.Text == "") == excused {
			t.Errorf("%s: %t, %+v", name, excused, remark)
		}
		if excused && !MayBeExcused(u) {
			t.Errorf("%s: nobody would look", name)
		}
	}
}

func TestJobs(t *testing.T) {
	const job = "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: SPEC, status: STATUS}"
	for name, c := range map[string]struct {
		spec, status string
		runs, ends   bool
	}{
		"no pod yet":    {"{}", "{}", false, false},
		"a pod starts":  {"{}", "{active: 1}", false, false},
		"a pod runs":    {"{ttlSecondsAfterFinished: 0}", "{active: 1, ready: 1}", true, true},
		"a pod crashed": {"{ttlSecondsAfterFinished: 60}", "{failed: 1}", false, true},
		"suspended":     {"{suspend: true}", "{}", true, false},
	} {
		u := object(t, strings.NewReplacer("SPEC", c.spec, "STATUS", c.status).Replace(job))
		_, ends := TimeToLive(u)
		if JobRuns(u) != c.runs || ends != c.ends {
			t.Errorf("%s: runs %t, ends %t", name, JobRuns(u), ends)
		}
	}
}
