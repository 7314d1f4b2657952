package ownership

import (
	"strings"
	"testing"
)

func TestNotByHookOf(t *testing.T) {
	ours, theirs := Release{"ns", "web"}, Release{"ns", "db"}
	hook := map[string]string{annotationHook: "pre-install"}
	marked := func(as string) map[string]string { return map[string]string{AnnotationHookOf: as} }
	instance := func(name string) map[string]string { return map[string]string{LabelInstance: name} }
	for name, c := range map[string]struct {
		object HookObject
		why    string // "": it is the release's own
	}{
		"somebody's own object": {HookObject{Recorded: true}, "no hook made it"},
		"another release's object": {HookObject{Labels: theirs.Labels(), Annotations: theirs.Annotations(), Recorded: true},
			"release ns/db"},
		"the release's own object":     {HookObject{Labels: ours.Labels(), Annotations: ours.Annotations()}, ""},
		"marked":                       {HookObject{Annotations: marked("ns/web")}, ""},
		"marked as another's":          {HookObject{Annotations: Merge(hook, marked("ns/db")), Recorded: true}, "a hook of release ns/db"},
		"marked in another namespace":  {HookObject{Annotations: Merge(hook, marked("other/web")), Recorded: true}, "other/web"},
		"marked, and taken over since": {HookObject{Annotations: Merge(marked("ns/web"), theirs.Annotations())}, "release ns/db"},
		"a hook that a record names":   {HookObject{Annotations: hook, Recorded: true}, ""},
		"a hook that no record names":  {HookObject{Annotations: hook}, "nothing shows"},
		"labelled as the release's":    {HookObject{Annotations: hook, Labels: instance("web")}, ""},
		"labelled as the release's, in another namespace": {
			HookObject{Annotations: hook, Labels: instance("web"), Recorded: true, Elsewhere: true},
			"outside the release's namespace"},
		"marked, in another namespace": {HookObject{Annotations: Merge(hook, marked("ns/web")), Elsewhere: true}, ""},
		"made there by Helm":           {HookObject{Annotations: hook, Labels: instance("web"), Recorded: true, Made: true, Elsewhere: true}, ""},
		"labelled as another's there": {HookObject{Annotations: hook, Labels: instance("db"), Recorded: true, Made: true, Elsewhere: true},
			"says db"},
		"labelled as another's":         {HookObject{Annotations: hook, Labels: instance("db"), Recorded: true}, "says db"},
		"labelled as the chart has it":  {HookObject{Annotations: hook, Labels: instance("x"), Wanted: instance("x"), Recorded: true}, ""},
		"labelled so, and not recorded": {HookObject{Annotations: hook, Labels: instance("x"), Wanted: instance("x")}, "nothing shows"},
		"made by a controller":          {HookObject{Annotations: hook, Controller: "CronJob/x", Recorded: true}, "CronJob/x"},
		"marked to be kept": {HookObject{Annotations: Merge(hook, map[string]string{AnnotationKeep: ""}), Recorded: true},
			AnnotationKeep},
		"managed by a chart's own words": {HookObject{Annotations: hook, Labels: map[string]string{LabelManagedBy: "team"}, Recorded: true}, ""},
	} {
		if got := NotByHookOf(ours, c.object); (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("%s: %q, want %q", name, got, c.why)
		}
	}
}

func TestKeptFromHook(t *testing.T) {
	hook, keep := map[string]string{annotationHook: "pre-upgrade"}, map[string]string{AnnotationResourcePolicy: "keep"}
	for name, c := range map[string]struct {
		live, wanted map[string]string
		claim        bool
		why          string
	}{
		"a hook's":                                {live: hook, wanted: hook},
		"a hook's, which the chart keeps":         {live: Merge(hook, keep), wanted: Merge(hook, keep)},
		"a hook's, which a person keeps":          {live: Merge(hook, keep), wanted: hook, why: WhyPolicy},
		"a hook's claim":                          {live: hook, wanted: hook, claim: true},
		"a hook's claim, which the chart keeps":   {live: Merge(hook, keep), wanted: Merge(hook, keep), claim: true, why: WhyPolicy},
		"of the manifest":                         {wanted: hook},
		"of the manifest, kept":                   {live: keep, wanted: Merge(hook, keep), why: WhyPolicy},
		"of the manifest, kept, and no more":      {live: keep, wanted: hook, why: WhyPolicy},
		"a claim of the manifest":                 {wanted: hook, claim: true, why: "holds data"},
		"a claim of the manifest, kept from here": {wanted: Merge(hook, keep), claim: true, why: "holds data"},
	} {
		if got := KeptFromHook(c.live, c.wanted, c.claim); (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("%s: %q, want %q", name, got, c.why)
		}
	}
}

func TestOtherOwner(t *testing.T) {
	ours := Release{"ns", "web"}
	for name, c := range map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"nobody":                     {nil, nil, ""},
		"the release":                {ours.Labels(), ours.Annotations(), ""},
		"the release, without label": {nil, ours.Annotations(), ""},
		"the release, another label": {map[string]string{LabelManagedBy: "me"}, ours.Annotations(), ""},
		"the label alone":            {ours.Labels(), nil, ""},
		"another release":            {ours.Labels(), Release{"ns", "db"}.Annotations(), "release ns/db"},
		"another, without label":     {nil, Release{"ns", "db"}.Annotations(), "release ns/db"},
		"one of another namespace":   {ours.Labels(), Release{"other", "web"}.Annotations(), "release other/web"},
		"the release's name alone":   {nil, map[string]string{annotationReleaseName: "web"}, ""},
		"another's name alone":       {nil, map[string]string{annotationReleaseName: "db"}, "release /db"},
		"another namespace alone":    {nil, map[string]string{annotationReleaseNamespace: "other"}, "release other/"},
		"another manager":            {map[string]string{LabelManagedBy: "flux"}, nil, "what calls itself flux"},
		"another manager and no name": {map[string]string{LabelManagedBy: "flux"}, map[string]string{annotationReleaseNamespace: "ns"},
			"what calls itself flux"},
	} {
		if got := OtherOwner(ours, c.labels, c.annotations); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
