package health

import (
	"strings"
	"testing"
)

func TestReadyOfCustomResources(t *testing.T) {
	const resource = "{apiVersion: x.io/v1, kind: DB, metadata: {name: c, generation: 3}, status: STATUS}"
	for name, c := range map[string]struct {
		status        string
		ready, failed bool
		reason        string
		remark        string
	}{
		"nothing said yet":         {"{}", true, false, "", ""},
		"a status of its own kind": {"{phase: Healthy}", true, false, "", ""},
		"generation as a number":   {"{observedGeneration: 3}", true, false, "", ""},
		"generation as text":       {"{observedGeneration: '3'}", true, false, "", ""},
		"an older generation as text": {"{observedGeneration: '2', conditions: [{type: Ready, status: 'True'}]}", false, false,
			"generation 2, and not at 3 yet", ""},
		"an older generation as a number": {"{observedGeneration: 2.0}", false, false, "generation 2, and not at 3 yet", ""},
		"a generation that is none":       {"{observedGeneration: abc}", true, false, "", "observedGeneration is no number"},
		"not ready": {"{conditions: [{type: Ready, status: 'False', reason: Wait, message: booting}]}", false, false,
			"Wait: booting", ""},
		"not ready, said twice": {"{conditions: [{type: Ready, status: 'False', reason: Issuing, message: Issuing}]}", false, false,
			"Issuing", ""},
		"not ready, without a word": {"{conditions: [{type: Ready, status: 'False'}]}", false, false, "not ready", ""},
		"not ready, as a boolean":   {"{conditions: [{type: Ready, status: false}]}", false, false, "not ready", ""},
		"ready or not, unknown":     {"{conditions: [{type: Ready, status: Unknown, reason: Pending}]}", false, false, "Pending", ""},
		"not ready, and then ready": {"{conditions: [{type: Ready, status: 'False'}, {type: Other}, {type: Ready, status: 'True'}]}", true, false, "", ""},
		"ready, and then not":       {"{conditions: [{type: Ready, status: 'True'}, {type: Ready, status: 'False', reason: Lost}]}", false, false, "Lost", ""},
		"reconciling":               {"{conditions: [{type: Reconciling, status: 'True', message: at it}, {type: Ready, status: 'True'}]}", false, false, "at it", ""},
		"reconciled": {"{conditions: [{type: Reconciling, status: 'True'}, {type: Reconciling, status: 'False'}]}", true,
			false, "", ""},
		"stalled": {"{conditions: [{type: Stalled, status: 'True', reason: Invalid, message: no such size}]}", false,
			true, "Invalid: no such size", ""},
		"conditions are no list":        {"{conditions: {Ready: 'False'}}", true, false, "", "conditions is no list"},
		"conditions are text":           {"{conditions: nonsense}", true, false, "", "conditions is no list"},
		"conditions are null":           {"{conditions: null}", true, false, "", ""},
		"conditions are a list of text": {"{conditions: [a, b]}", true, false, "", "conditions is no list"},
		"no generation, and not ready": {"{observedGeneration: null, conditions: [{type: Ready, status: 'False', reason: Wait}]}", false, false,
			"Wait", ""},
		"a condition is none": {"{conditions: [1, a, null, {type: 7, status: [x]}, {type: Ready, status: 'True'}]}", true, false,
			"", ""},
		"the status is text": {"all is well", true, false, "", "status is no object"},
		"the status is null": {"null", true, false, "", ""},
		"what it says may hold a secret": {"{conditions: [{type: Ready, status: 'False', message: 'password: abc'}]}", false, false,
			"(hidden)", ""},
	} {
		got := Ready(object(t, strings.Replace(resource, "STATUS", c.status, 1)))
		if got.Ready != c.ready || got.Failed != c.failed || !strings.Contains(got.Reason, c.reason) || got.Ready != (got.Reason == "") {
			t.Errorf("%s: %+v", name, got)
		}
		if !strings.Contains(got.Remark.Text, c.remark) || (got.Remark.Text == "") != (c.remark == "") || got.Remark.Warning {
			t.Errorf("%s: remark %+v", name, got.Remark)
		}
	}
}

func TestIsCustom(t *testing.T) {
	for group, want := range map[string]bool{
		"": false, "apps": false, "networking.k8s.io": false, "gateway.networking.k8s.io": true, "argoproj.io": true,
		"snapshot.storage.k8s.io": true, "rbac.authorization.k8s.io": false, "cluster.x-k8s.io": true,
	} {
		if got := IsCustom(group); got != want {
			t.Errorf("%q: %t", group, got)
		}
	}
}

func TestReadyOfAnAPIService(t *testing.T) {
	const service = "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.a.b}, status: {conditions: [CONDITION]}}"
	for condition, remark := range map[string]string{
		"{type: Available, status: 'True', reason: Passed}":                         "",
		"{type: Available, status: 'False', reason: Missing, message: none at all}": "it is not available: Missing: none at all. ",
		"{type: Other, status: 'False'}":                                            "",
	} {
		got := Ready(object(t, strings.Replace(service, "CONDITION", condition, 1)))
		if !got.Ready || !strings.HasPrefix(got.Remark.Text, remark) || got.Remark.Warning != (remark != "") {
			t.Errorf("%s: %+v", condition, got)
		}
	}
}
