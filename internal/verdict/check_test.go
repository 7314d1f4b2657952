package verdict

import "testing"

func TestCheckRelease(t *testing.T) {
	good := func() *Facts { return inPlace(facts(stored(1, StatusSuperseded), stored(2, StatusDeployed))) }
	for name, c := range map[string]struct {
		change func(*Facts)
		want   Want
		fails  string
	}{
		"consistent":             {func(*Facts) {}, Want{Revision: 2, Manifest: "m"}, ""},
		"nothing reported":       {func(*Facts) {}, Want{}, ""},
		"another revision":       {func(*Facts) {}, Want{Revision: 3}, "last-revision"},
		"undecodable":            {func(f *Facts) { f.Records[1].DecodeError = "x" }, Want{}, "last-revision"},
		"pending":                {func(f *Facts) { f.Records[1].Label, f.Records[1].Payload = StatusPendingUpgrade, StatusPendingUpgrade }, Want{}, "status"},
		"only the label says so": {func(f *Facts) { f.Records[1].Payload = StatusPendingUpgrade }, Want{}, "status"},
		"Helm does not see it":   {func(f *Facts) { f.Records[1].Hidden = true }, Want{}, "status"},
		"two deployed":           {func(f *Facts) { f.Records[0].Label = StatusDeployed }, Want{}, "one-deployed"},
		"another manifest":       {func(*Facts) {}, Want{Manifest: "other"}, "manifest"},
		"an object is missing":   {func(f *Facts) { f.Objects[0].Exists = false }, Want{}, "objects"},
		"one is being deleted":   {func(f *Facts) { f.Objects[0].Deleting = true }, Want{}, "objects"},
		"one could not be read":  {func(f *Facts) { f.Objects[0].Error = "500" }, Want{}, "objects"},
		"one is another's":       {func(f *Facts) { f.Objects[0].Owned = false; f.Objects[0].Owner = "a/b" }, Want{}, "ownership"},
		"one is nobody's":        {func(f *Facts) { f.Objects[0].Owned = false }, Want{}, "ownership"},
		"one is not ready":       {func(f *Facts) { f.Objects[0].Ready = false }, Want{}, "ready"},
		"objects not read":       {func(f *Facts) { f.Observed = false }, Want{}, "objects"},
	} {
		t.Run(name, func(t *testing.T) {
			checks := CheckRelease(with(good(), c.change), c.want)
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
	if Consistent(CheckRelease(facts(), Want{})) || Consistent(nil) {
		t.Error("a release without a record counts as consistent")
	}
}
