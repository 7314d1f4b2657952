package verdict

import (
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

func TestCheckRelease(t *testing.T) {
	good := func() *facts.Facts {
		return inPlace(given(stored(1, facts.StatusSuperseded), stored(2, facts.StatusDeployed)))
	}
	for name, c := range map[string]struct {
		change func(*facts.Facts)
		want   Reported
		fails  string
	}{
		"consistent":       {func(*facts.Facts) {}, Reported{Revision: 2, Manifest: "m"}, ""},
		"nothing reported": {func(*facts.Facts) {}, Reported{}, ""},
		"another revision": {func(*facts.Facts) {}, Reported{Revision: 3}, "last-revision"},
		"undecodable":      {func(f *facts.Facts) { f.Records[1].DecodeError = "x" }, Reported{}, "last-revision"},
		"pending": {func(f *facts.Facts) {
			f.Records[1].LabelStatus, f.Records[1].PayloadStatus = facts.StatusPendingUpgrade, facts.StatusPendingUpgrade
		}, Reported{}, "status"},
		"only the label says so": {func(f *facts.Facts) { f.Records[1].PayloadStatus = facts.StatusPendingUpgrade }, Reported{}, "status"},
		"Helm does not see it":   {func(f *facts.Facts) { f.Records[1].Hidden = true }, Reported{}, "status"},
		"two deployed":           {func(f *facts.Facts) { f.Records[0].LabelStatus = facts.StatusDeployed }, Reported{}, "one-deployed"},
		"another manifest":       {func(*facts.Facts) {}, Reported{Manifest: "other"}, "manifest"},
		"an object is missing":   {func(f *facts.Facts) { f.Objects[0].Exists = false }, Reported{}, "objects"},
		"one is being deleted":   {func(f *facts.Facts) { f.Objects[0].Deleting = true }, Reported{}, "objects"},
		"one could not be read":  {func(f *facts.Facts) { f.Objects[0].Error = "500" }, Reported{}, "objects"},
		"one is another's":       {func(f *facts.Facts) { f.Objects[0].Owned = false; f.Objects[0].Owner = "a/b" }, Reported{}, "ownership"},
		"one is nobody's":        {func(f *facts.Facts) { f.Objects[0].Owned = false }, Reported{}, "ownership"},
		"one is not ready":       {func(f *facts.Facts) { f.Objects[0].Ready = false }, Reported{}, "ready"},
		"objects not read":       {func(f *facts.Facts) { f.Observed = false }, Reported{}, "objects"},
	} {
		t.Run(name, func(t *testing.T) {
			checks := Checks(with(good(), c.change), c.want, usual)
			if ok := Consistent(checks); ok != (c.fails == "") {
				t.Fatalf("consistent: %v; %+v", ok, checks)
			}
			failed := map[string]bool{}
			for _, one := range checks {
				failed[one.Name] = !one.OK
			}
			if c.fails != "" && !failed[c.fails] {
				t.Errorf("%s holds: %+v", c.fails, checks)
			}
		})
	}
	if Consistent(Checks(given(), Reported{}, usual)) || Consistent(nil) {
		t.Error("a release without a record counts as consistent")
	}
}

// What is not there is named once: it is neither the release's own nor ready, which
// goes without saying.
func TestAbsentObjectsAreNamedOnce(t *testing.T) {
	f := inPlace(given(stored(1, facts.StatusDeployed)))
	f.Objects = slices.Repeat(f.Objects[:1], 3)
	f.Objects[0] = facts.Object{Ref: f.Objects[0].Ref}
	checks := Checks(f, Reported{}, usual)
	if got, want := Failing(checks), "1 of 3 objects not there"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, c := range checks {
		named := len(c.Findings)
		if absent := c.Name == "objects" || c.Name == "ownership" || c.Name == "ready"; absent == c.OK || (named == 1) != (c.Name == "objects") {
			t.Errorf("%+v", c)
		}
		if c.Name == checkNameContents && c.Detail != "2 of 3" {
			t.Errorf("%+v", c)
		}
	}
	f.Objects[1].Ready, f.Objects[2] = false, facts.Object{Ref: f.Objects[2].Ref, Error: "500"}
	if got, want := Failing(Checks(f, Reported{}, usual)),
		"1 of 3 objects not there, 1 of 3 objects not read; 1 of 3 objects not ready"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestOwnershipIsTold(t *testing.T) {
	for owner, want := range map[string]string{
		"":     "carries no release's name",
		"ns/":  "carries no release's name",
		"a/b":  "belongs to a/b",
		"/web": "belongs to /web",
		"self": "carries the release's name, but not the label of what Helm manages",
	} {
		f := inPlace(given(stored(1, facts.StatusDeployed)))
		if owner == "self" {
			owner = f.Namespace.Name + "/" + f.Release
		}
		f.Objects[0].Owned, f.Objects[0].Owner = false, owner
		if got := checkOwnership(f); len(got.Findings) != 1 || !strings.HasSuffix(got.Findings[0], ": "+want) {
			t.Errorf("%q: %+v", owner, got)
		}
	}
}
