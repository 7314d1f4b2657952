package contents

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// differences compares objects of release ns/web.
func differences(t *testing.T, manifest, live string, scaled bool) facts.Contents {
	t.Helper()
	there := one(t, live)
	own(there, "web")
	return Compare(one(t, manifest), there, Options{Release: ownership.Release{Namespace: "ns", Name: "web"}, Scaled: scaled})
}

// by is an entry of managedFields.
func by(manager, at, fields string) string {
	return "{manager: " + manager + ", operation: Update, time: '2026-09-01T" + at + ":00Z', fieldsV1: {" + fields + "}}"
}

func TestWhoWroteIt(t *testing.T) {
	const manifest = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {minReadySeconds: 0, template: {spec: {containers: [{name: app, image: a}]}}}}"
	live := func(managed string) string {
		return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, managedFields: [" + managed +
			"]}, spec: {template: {spec: {containers: [{name: app, image: b}]}}}}"
	}
	const image = `'f:spec': {'f:template': {'f:spec': {'f:containers': {'k:{"name":"app"}': {'f:image': {}}}}}}`
	const other = `'f:spec': {'f:template': {'f:spec': {'f:containers': {'k:{"name":"app"}': {'f:args': {}}}}}}`
	for name, c := range map[string]struct {
		live, author, at string
		own              bool
	}{
		"a hand": {
			live(by("helm", "10:00", other) + ", " + by("kubectl-set", "10:03", image)), "kubectl-set", "10:03", false},
		"the release":                {live(by("helm", "10:00", image)), "helm", "10:00", true},
		"two, the newer counts":      {live(by("operator", "10:04", image) + ", " + by("helm", "10:00", image)), "operator", "10:04", false},
		"two, in another order":      {live(by("helm", "10:00", image) + ", " + by("operator", "10:04", image)), "operator", "10:04", false},
		"a list that is owned whole": {live(by("helm", "10:00", `'f:spec': {'f:template': {}}`)), "helm", "10:00", true},
		"a map that is owned without its keys": {
			live(by("helm", "10:05", `'f:spec': {'f:template': {'f:spec': {}}}`) + ", " + by("kubectl-edit", "10:03", image)),
			"kubectl-edit", "10:03", false},
		"nobody":                       {live(""), "", "", false},
		"nobody of this field":         {live(by("kubectl", "10:00", other)), "", "", false},
		"what cannot be read as a set": {live("{manager: 3, fieldsV1: x, time: y}, z"), "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			all := differences(t, manifest, c.live, false).Differences
			if len(all) != 1 {
				t.Fatalf("%+v", all)
			}
			d, at := all[0], ""
			if !d.Written.IsZero() {
				at = d.Written.Format("15:04")
			}
			if d.Author != c.author || at != c.at || d.Own != c.own || d.Recorded != "a" || d.Live != "b" || d.Injected {
				t.Errorf("%+v", d)
			}
		})
	}
}

// A zero in a manifest is unset for the server, which may set a default. Only what a
// hand wrote there is a difference.
func TestZeros(t *testing.T) {
	const manifest = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {minReadySeconds: 0}}"
	live := func(manager string) string {
		return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, managedFields: [" +
			by(manager, "10:00", "'f:spec': {'f:minReadySeconds': {}}") + "]}, spec: {minReadySeconds: 30}}"
	}
	for manager, want := range map[string]int{"helm": 0, "kube-controller-manager": 0, "kubectl-edit": 1} {
		if got := differences(t, manifest, live(manager), false).Differences; len(got) != want {
			t.Errorf("%s: %+v", manager, got)
		}
	}
}

// What admission adds to a write is nobody's in managedFields. It counts as the
// release's own where the release has written the object.
func TestItemOfNobody(t *testing.T) {
	const manifest = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: app, image: a}]}}}}"
	live := func(managed string) string {
		return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, managedFields: [" + managed +
			"]}, spec: {template: {spec: {containers: [{name: app, image: a}, {name: x, image: y}]}}}}"
	}
	const app = `'f:spec': {'f:template': {'f:spec': {'f:containers': {'k:{"name":"app"}': {'f:image': {}}}}}}`
	const added = `'f:spec': {'f:template': {'f:spec': {'f:containers': {'k:{"name":"x"}': {'f:image': {}}}}}}`
	for name, c := range map[string]struct {
		managed string
		own     bool
	}{
		"the release wrote": {by("operator", "10:00", app) + ", " + by("helm", "10:00", app), true},
		"a hand wrote it":   {by("helm", "10:00", app) + ", " + by("kubectl-edit", "10:00", added), false},
		"nobody knows":      {by("kubectl-edit", "10:00", app), false},
	} {
		all := differences(t, manifest, live(c.managed), false).Differences
		if len(all) != 1 || all[0].Own != c.own || all[0].Own == all[0].Written.IsZero() && all[0].Author == "" {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

func TestWhoInjected(t *testing.T) {
	const manifest = "{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: h}, webhooks: [{name: a.b.c, failurePolicy: Ignore}]}"
	live := func(managers ...string) string {
		var all []string
		for _, m := range managers {
			all = append(all, by(m, "10:00", `'f:webhooks': {'k:{"name":"a.b.c"}': {'f:failurePolicy': {}}}`))
		}
		return "{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: h, managedFields: [" +
			strings.Join(all, ", ") + "]}, webhooks: [{name: a.b.c, failurePolicy: Fail}]}"
	}
	for name, c := range map[string]struct {
		live string
		want bool
	}{
		"an injector":          {live("kube-webhook-certgen"), true},
		"a hand":               {live("kubectl-edit"), false},
		"a hand beside":        {live("certgen", "kubectl-edit"), false},
		"the release":          {live("helm"), false},
		"nobody can be called": {live(), false},
	} {
		all := differences(t, manifest, c.live, false).Differences
		if len(all) != 1 || all[0].Injected != c.want {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

func TestWrittenTimes(t *testing.T) {
	w := write{fields: map[string]any{"f:a": map[string]any{}}, at: time.Unix(1, 0)}
	if got := (owners{w, {fields: w.fields, at: time.Unix(2, 0)}}).of(path{{name: "a"}}); len(got) != 2 || got[0].at != time.Unix(2, 0) {
		t.Errorf("%v", got)
	}
}

func TestNotes(t *testing.T) {
	const (
		deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: 2}}"
		scaledTo   = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: "
		byScaler   = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, managedFields: [{manager: kube-controller-manager, subresource: scale, fieldsV1: {'f:spec': {'f:replicas': {}}}}]}, spec: {replicas: 5}}"
	)
	for name, c := range map[string]struct {
		manifest, live string
		scaled         bool
		notes, paths   string
	}{
		"an added key": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b, c.d: x}}", false, "data[c.d] is not in the record", ""},
		"a token's own keys": {"{apiVersion: v1, kind: Secret, metadata: {name: c}, type: kubernetes.io/service-account-token}",
			"{apiVersion: v1, kind: Secret, metadata: {name: c}, type: kubernetes.io/service-account-token, data: {token: eA==}}", false, "", ""},
		"scaled by the chart": {deployment, scaledTo + "5}}", true, "spec.replicas is 5, which an autoscaler chose", ""},
		"scaled from without": {deployment, byScaler, false, "spec.replicas is 5, which an autoscaler chose", ""},
		"scaled to nothing":   {deployment, scaledTo + "0}}", true, "", "spec.replicas"},
		"scaled, and as is":   {deployment, deployment, true, "", ""},
		"in another version": {"{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: p, labels: {a: b}}, spec: {x: y}}",
			"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: p}, spec: {}}", false,
			"it was read in policy/v1, where only its labels and annotations can be compared", "metadata.labels.a"},
		"a data that is a text": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: x}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b}}", false, "data.a is not in the record", "data"},
	} {
		got := differences(t, c.manifest, c.live, c.scaled)
		if notes := strings.Join(got.Notes, ", "); notes != c.notes || facts.Paths(got.Differences) != c.paths {
			t.Errorf("%s: notes %q, paths %q", name, notes, facts.Paths(got.Differences))
		}
	}
}

// What a controller applies on the server's side beside the manifest is no difference; what it
// makes of the manifest's own fields is one.
func TestWhoApplies(t *testing.T) {
	const manifest = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: app, image: a}]}}}}"
	live := func(managed string) string {
		return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, managedFields: [" + managed +
			"]}, spec: {template: {spec: {containers: [{name: app, image: b}, {name: proxy, image: p}]}}}}"
	}
	applies := func(manager, fields string) string {
		return strings.Replace(by(manager, "10:00", `'f:spec': {'f:template': {'f:spec': {'f:containers': {`+fields+`}}}}`), "Update", "Apply", 1)
	}
	const image, proxy = `'k:{"name":"app"}': {'f:image': {}}`, `'k:{"name":"proxy"}': {'.': {}, 'f:image': {}, 'f:name': {}}`
	const note = "spec.template.spec.containers[proxy] is not in the record, and operator applies it"
	for name, c := range map[string]struct {
		managed, note string
		differences   int
	}{
		"a controller":              {applies("operator", proxy), note, 1},
		"it takes the image, too":   {applies("operator", proxy+", "+image), note, 1},
		"a person":                  {applies("kubectl", proxy), "", 2},
		"the release as well":       {applies("operator", proxy) + ", " + applies("helm", proxy), "", 2},
		"the release as it was":     {applies("helm", proxy), "", 2},
		"a controller that updates": {strings.Replace(applies("operator", proxy), "Apply", "Update", 1), "", 2},
		"a controller of the image": {applies("operator", image), "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			got := differences(t, manifest, live(c.managed), false)
			if len(got.Differences) != c.differences || strings.Join(got.Notes, "; ") != c.note {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestWithScale(t *testing.T) {
	object := func(spec, manager string) string {
		return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, managedFields: [{manager: " + manager +
			", operation: Apply, fieldsV1: {'f:spec': {'f:replicas': {}}}}]}, spec: {" + spec + "}}"
	}
	for name, c := range map[string]struct{ was, want, live, manager, replicas string }{
		"chosen by an autoscaler":          {"replicas: 1", "replicas: 1", "replicas: 3", "scaler", "3"},
		"the chart has others than before": {"replicas: 1", "replicas: 2", "replicas: 3", "scaler", "2"},
		"the chart had none before":        {"", "replicas: 1", "replicas: 3", "scaler", "1"},
		"the chart has none":               {"replicas: 1", "", "replicas: 3", "scaler", "<nil>"},
		"scaled to nothing":                {"replicas: 1", "replicas: 1", "replicas: 0", "scaler", "1"},
		"a person":                         {"replicas: 1", "replicas: 1", "replicas: 3", "kubectl", "1"},
		"nothing lives":                    {"replicas: 1", "replicas: 1", "", "scaler", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			want := one(t, object(c.want, "helm"))
			before := want.DeepCopy()
			got := WithScale(one(t, object(c.was, "helm")), want, one(t, object(c.live, c.manager)))
			spec, _ := got.Object["spec"].(map[string]any)
			if fmt.Sprint(spec["replicas"]) != c.replicas || !reflect.DeepEqual(want, before) {
				t.Errorf("replicas are %v, want %s", spec["replicas"], c.replicas)
			}
		})
	}
}
