package verdict

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

func TestTenancy(t *testing.T) {
	for name, c := range map[string]struct {
		ns     facts.Namespace
		want   Tenancy
		shares bool // a deploy has to note that it is shared
	}{
		"this branch's by its name":           {facts.Namespace{Name: "n", Ours: true, Identity: me}, TenancyOwn, false},
		"this branch's by who was first":      {facts.Namespace{Name: "n", Ours: true, DeployedBy: me}, TenancyOwn, false},
		"another branch's by its name":        {facts.Namespace{Name: "n", Ours: true, Identity: "theirs"}, TenancyOther, false},
		"another branch's by who was first":   {facts.Namespace{Name: "n", Ours: true, DeployedBy: "theirs"}, TenancyOther, true},
		"nobody noted who deploys there":      {facts.Namespace{Name: "n", Ours: true}, TenancyShared, true},
		"shared":                              {facts.Namespace{Name: "n", Ours: true, DeployedBy: me, Shared: true}, TenancyShared, false},
		"shared, of a name for this branch":   {facts.Namespace{Name: "n", Ours: true, Identity: me, Shared: true}, TenancyShared, false},
		"somebody else's":                     {facts.Namespace{Name: "n", DeployedBy: me, Identity: me}, TenancyNone, false},
		"default":                             {facts.Namespace{Name: "default", Ours: true, Identity: me}, TenancySystem, false},
		"Kubernetes' own":                     {facts.Namespace{Name: "kube-system", Ours: true, Identity: me}, TenancySystem, false},
		"one that is only called after these": {facts.Namespace{Name: "default-2", Ours: true, Identity: me}, TenancyOwn, false},
	} {
		if got := TenancyOf(c.ns, me); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := SharesNamespace(c.ns, me); got != c.shares {
			t.Errorf("%s: to be noted as shared %t, want %t", name, got, c.shares)
		}
	}
}

func TestDecideNamespace(t *testing.T) {
	own := facts.Namespace{Name: "ns", Ours: true, Identity: me}
	marked := own
	marked.Keep, marked.KeepWhy = true, "it is marked berth.dev/keep"
	made := func(r facts.Resident) facts.Resident {
		r.Ref, r.Maker = facts.Ref{Kind: "Secret", Namespace: "ns", Name: "s"}, "kubectl"
		return r
	}
	foreign, kept := Policy{DeleteForeign: true}, Policy{DeleteKept: true}
	for name, c := range map[string]struct {
		ns       facts.Namespace
		policy   Policy
		left     []string
		around   facts.Surroundings
		resident facts.Resident
		want     NamespaceAction
		because  string
	}{
		"nothing else is in it": {ns: own, want: NamespaceDelete},
		"it is not this branch's": {ns: facts.Namespace{Name: "ns"}, resident: made(facts.Resident{}), want: NamespaceStays,
			because: "did not make"},
		"it is shared": {ns: facts.Namespace{Name: "ns", Ours: true, Shared: true}, want: NamespaceStays, because: "more than one"},
		"it was made for another branch": {ns: facts.Namespace{Name: "ns", Ours: true, DeployedBy: "x"}, want: NamespaceStays,
			because: "another branch"},
		"it is Kubernetes' own": {ns: facts.Namespace{Name: "kube-x", Ours: true, DeployedBy: me}, policy: foreign, want: NamespaceStays,
			because: "Kubernetes' own"},
		"a release": {ns: own, around: facts.Surroundings{Releases: []facts.Neighbour{{Name: "db"}}}, want: NamespaceKept,
			because: `records of other releases: "db"`},
		"a release, told so": {ns: own, policy: foreign, around: facts.Surroundings{Releases: []facts.Neighbour{{Name: "db"}}}, want: NamespaceDelete},
		"another app of the branch": {ns: own, around: facts.Surroundings{Releases: []facts.Neighbour{{Name: "db"}, {Name: "api", Identity: me}}},
			want: NamespaceStays, because: "another app in it, api."},
		"another app of the branch, told so": {ns: own, policy: foreign, around: facts.Surroundings{
			Releases: []facts.Neighbour{{Name: "api", Identity: me}}}, want: NamespaceStays, because: "another app in it, api."},
		"another branch's app": {ns: own, around: facts.Surroundings{Releases: []facts.Neighbour{{Name: "api", Identity: "x"}}},
			want: NamespaceKept, because: `records of other releases: "api"`},
		"a mark":              {ns: marked, want: NamespaceKept, because: "berth.dev/keep"},
		"a mark, told so":     {ns: marked, policy: foreign, want: NamespaceDelete},
		"a mark, told other":  {ns: marked, policy: kept, want: NamespaceKept, because: "berth.dev/keep"},
		"what was left in it": {ns: own, left: []string{"Secret/s was kept"}, want: NamespaceKept, because: "was left"},
		"a person's":          {ns: own, resident: made(facts.Resident{}), want: NamespaceKept, because: "Secret/s: it was made with kubectl"},
		"a person's, told so": {ns: own, policy: foreign, resident: made(facts.Resident{}), want: NamespaceDelete},
		"another release's": {ns: own, resident: made(facts.Resident{Owner: "ns/db"}), want: NamespaceKept,
			because: "it belongs to release ns/db"},
		"the release's own": {ns: own, resident: made(facts.Resident{Owner: "ns/web"}), want: NamespaceDelete},
		"a hook's":          {ns: own, resident: made(facts.Resident{Hook: true}), want: NamespaceDelete},
		"another's hook's": {ns: own, resident: made(facts.Resident{Hook: true, HookOf: "elsewhere/other"}), want: NamespaceKept,
			because: "made with kubectl"},
		"another release's, made by no person": {ns: own, around: facts.Surroundings{Residents: []facts.Resident{
			{Ref: facts.Ref{Kind: "ConfigMap", Namespace: "ns", Name: "c"}, Owner: "ns/db"}}}, want: NamespaceKept, because: "release ns/db"},
		"a copy of what a release elsewhere has": {ns: own, around: facts.Surroundings{Residents: []facts.Resident{
			{Ref: facts.Ref{Kind: "Secret", Namespace: "ns", Name: "c"}, Owner: "elsewhere/db"}}}, want: NamespaceDelete},
		"declared by its label": {ns: own, resident: made(facts.Resident{WithApp: true}), want: NamespaceDelete},
		"declared by the input": {ns: own, policy: Policy{NamespaceOwns: []string{"Secret/?"}}, resident: made(facts.Resident{}),
			want: NamespaceDelete},
		"another one's declared": {ns: own, policy: Policy{NamespaceOwns: []string{"Job/s"}}, resident: made(facts.Resident{}),
			want: NamespaceKept},
		"declared, and marked": {ns: own, resident: made(facts.Resident{WithApp: true, KeepWhy: "Flux owns it"}), want: NamespaceKept,
			because: "Flux owns it"},
		"the release's own, to be kept": {ns: own, resident: made(facts.Resident{Owner: "ns/web", Policy: true}), want: NamespaceKept,
			because: "helm.sh/resource-policy"},
		"the same, told so":    {ns: own, policy: kept, resident: made(facts.Resident{Owner: "ns/web", Policy: true}), want: NamespaceDelete},
		"the same, told other": {ns: own, policy: foreign, resident: made(facts.Resident{Owner: "ns/web", Policy: true}), want: NamespaceKept},
		"another's, to be kept": {ns: own, policy: kept, resident: made(facts.Resident{Policy: true, WithApp: true}), want: NamespaceKept,
			because: "helm.sh/resource-policy"},
		"another's, to be kept, told so": {ns: own, policy: foreign, resident: made(facts.Resident{Policy: true}), want: NamespaceDelete},
		"a controller's":                 {ns: own, resident: facts.Resident{Ref: facts.Ref{Kind: "Secret", Name: "s"}}, want: NamespaceDelete},
	} {
		around := c.around
		if c.resident.Name != "" {
			around.Residents = []facts.Resident{c.resident}
		}
		got := DecideNamespace(c.ns, me, "web", around, c.left, c.policy)
		if got.Action != c.want || !strings.Contains(got.Why+strings.Join(got.Obstacles, "; "), c.because) {
			t.Errorf("%s: %+v, want %s since %q", name, got, c.want, c.because)
		}
		if (got.Action == NamespaceKept) != (len(got.Obstacles) > 0) || (got.Action == NamespaceStays) != (got.Why != "") {
			t.Errorf("%s: %+v does not say why", name, got)
		}
	}
}

func TestKeptIn(t *testing.T) {
	here := facts.Object{Ref: facts.Ref{Kind: "Secret", Namespace: "ns", Name: "s"}}
	there := facts.Object{Ref: facts.Ref{Kind: "ClusterRole", Name: "c"}}
	got := KeptIn("ns", []facts.Object{there, here})
	if len(got) != 1 || got[0].Ref != here.Ref {
		t.Errorf("%v", got)
	}
	if p := StopAtKept("web", "ns", got); !strings.Contains(p.Headline, "Secret/s") || p.Next == "" {
		t.Errorf("%+v", p)
	}
}

// What a policy keeps goes with --delete-kept, and what a mark keeps with --delete-foreign.
func TestStopsAt(t *testing.T) {
	policy := facts.Object{Ref: facts.Ref{Kind: "Secret", Namespace: "ns", Name: "policy"}, Kept: true}
	mark := facts.Object{Ref: facts.Ref{Kind: "Secret", Namespace: "ns", Name: "mark"}, Kept: true, KeepWhy: "it is marked"}
	elsewhere := facts.Object{Ref: facts.Ref{Kind: "Secret", Namespace: "other", Name: "s"}, Kept: true, KeepWhy: "it is marked"}
	for name, c := range map[string]struct {
		step Step
		want []facts.Object
		next string
	}{
		"neither flag":   {Step{StopAtKept: true, StopAtMarked: true}, []facts.Object{policy, mark}, "--delete-kept --delete-foreign"},
		"delete-kept":    {Step{StopAtMarked: true}, []facts.Object{mark}, "teardown --delete-foreign"},
		"delete-foreign": {Step{StopAtKept: true}, []facts.Object{policy}, "teardown --delete-kept"},
		"both":           {Step{}, nil, ""},
	} {
		got := c.step.StopsAt("ns", []facts.Object{policy, mark, elsewhere})
		if len(got) != len(c.want) || len(got) > 0 && got[0].Ref != c.want[0].Ref {
			t.Errorf("%s: it stops at %v", name, got)
		}
		if len(got) > 0 && !strings.HasSuffix(StopAtKept("web", "ns", got).Next, c.next) {
			t.Errorf("%s: %s", name, StopAtKept("web", "ns", got).Next)
		}
	}
}

func TestVolumesThatGo(t *testing.T) {
	volumes := []facts.Volume{
		{Claim: "data", Owner: "ns/web", Name: "pv-1", Size: "1Gi", Policy: "Delete"},
		{Claim: "kept", Owner: "ns/web", Kept: true, Name: "pv-2", Policy: "Retain"},
		{Claim: "theirs", Name: "pv-3"},
		{Claim: "recycled", Name: "pv-4", Policy: "Recycle"},
		{Claim: "unbound", Owner: "ns/web"},
	}
	if got := VolumesThatGo(volumes, "ns/web", false); len(got) != 1 || !strings.Contains(got[0], "claim data (1Gi)") ||
		!strings.Contains(got[0], "deleted") {
		t.Errorf("without the namespace: %q", got)
	}
	got := VolumesThatGo(volumes, "ns/web", true)
	for i, want := range []string{"is deleted", "stays there", "is not known", "is Recycle"} {
		if len(got) != 4 || !strings.Contains(got[i], want) {
			t.Errorf("with it: %q, want %q in number %d", got, want, i)
		}
	}
}

// A release that was upgraded without Berth is still the branch's that deployed it.
func TestForeignByAnOlderRecord(t *testing.T) {
	theirs, unmarked := stored(1, facts.StatusSuperseded), stored(2, facts.StatusDeployed)
	theirs.Identity, unmarked.Identity = "theirs", ""
	f := given(theirs, unmarked)
	if d := Diagnose(f, usual); d.State != StateForeign {
		t.Errorf("%+v", d)
	}
	f.Records[0].Identity = me
	if d := Diagnose(f, usual); d.State != StateDeployed {
		t.Errorf("%+v", d)
	}
	if slices.ContainsFunc(PlanRepair(f, Diagnose(f, usual), usual).Steps, func(s Step) bool { return s.Kind == StepUninstall }) {
		t.Error("it is taken away")
	}
}

// What a person has copied bears the marks of the release as well.
func TestMarkCopies(t *testing.T) {
	at := func(name string) facts.Ref { return facts.Ref{Kind: "Secret", Namespace: "ns", Name: name} }
	residents := []facts.Resident{
		{Ref: at("copy"), Owner: "ns/web", Maker: "kubectl"}, {Ref: at("named"), Owner: "ns/web", Maker: "kubectl"},
		{Ref: at("old"), Owner: "ns/web", Maker: "helm"}, {Ref: at("controllers"), Owner: "ns/web"},
		{Ref: at("hooks"), Hook: true, HookOf: "ns/web", Maker: "k9s", Policy: true}, {Ref: at("others"), Owner: "ns/db", Maker: "kubectl"},
		{Ref: at("hook"), Hook: true, Maker: "helm"}, {Ref: at("named"), Hook: true, Maker: "helm"},
		{Ref: at("instance"), Hook: true, Maker: "helm", Instance: "web"}, {Ref: at("marked"), Hook: true, HookOf: "ns/web", Maker: "helm"},
		{Ref: at("operators"), Hook: true},
	}
	if !MayBeCopies(residents, "ns", "web") || MayBeCopies(residents[2:4], "ns", "web") {
		t.Error("what a person made and says that it is of the release may be a copy, and nothing else")
	}
	marked := MarkCopies(residents, "ns", "web", []facts.Ref{{APIVersion: "v1", Kind: "Secret", Namespace: "ns", Name: "named"}})
	for i, want := range []string{"bears the marks of this release", "", "", "", "to be kept", "release ns/db",
		"a hook made it", "", "", "", ""} {
		r := marked[i]
		why := againstDeleting(r, "ns/web", "me", Policy{DeleteKept: true})
		if (why == "") != (want == "") || !strings.Contains(why, want) {
			t.Errorf("%s: %q, want %q", r.Name, why, want)
		}
	}
}

// What is the release's and to be kept by its policy goes where that is said, unless somebody else
// wants it.
func TestMarkCountsWhateverThePolicy(t *testing.T) {
	marked := facts.Resident{Ref: facts.Ref{Kind: "Secret", Namespace: "ns", Name: "a"},
		Owner: "ns/web", Policy: true, KeepWhy: "it is marked"}
	plain := marked
	plain.KeepWhy = ""
	for _, c := range []struct {
		r    facts.Resident
		p    Policy
		goes bool
	}{
		{plain, Policy{}, false}, {plain, Policy{DeleteKept: true}, true}, {plain, Policy{DeleteForeign: true}, false},
		{marked, Policy{}, false}, {marked, Policy{DeleteKept: true}, false}, {marked, Policy{DeleteForeign: true}, false},
		{marked, Policy{DeleteKept: true, DeleteForeign: true}, true},
	} {
		if why := againstDeleting(c.r, "ns/web", "me", c.p); (why == "") != c.goes {
			t.Errorf("%+v, %q: %q", c.p, c.r.KeepWhy, why)
		}
	}
}

func TestClaimsFromBeforeTheAdoption(t *testing.T) {
	adopted := facts.Namespace{Name: "ns", Adopted: now}
	claim := func(created time.Time) facts.Resident {
		return facts.Resident{Ref: facts.Ref{Kind: claimKind, Namespace: "ns", Name: "data-db-0"}, Created: created}
	}
	before, old := claim(now.Add(-time.Second)), claim(now.Add(-time.Hour))
	hooks, declared, config := old, old, old
	hooks.Owner, declared.WithApp, config.Kind = "ns/web", true, "ConfigMap"
	for name, c := range map[string]struct {
		ns     facts.Namespace
		r      facts.Resident
		policy Policy
		keeps  bool
	}{
		"older":                          {adopted, before, Policy{}, true},
		"older, and told so":             {adopted, before, Policy{DeleteForeign: true}, false},
		"older, and named":               {adopted, before, Policy{NamespaceOwns: []string{"PersistentVolumeClaim/data-*"}}, false},
		"older, and declared":            {adopted, declared, Policy{}, false},
		"older, and the release's":       {adopted, hooks, Policy{}, false},
		"older, and of another kind":     {adopted, config, Policy{}, false},
		"younger":                        {adopted, claim(now), Policy{}, false},
		"where Berth made the namespace": {facts.Namespace{Name: "ns"}, before, Policy{}, false},
	} {
		if why := keepsNamespace(c.ns, c.r, "web", "me", c.policy); (why != "") != c.keeps {
			t.Errorf("%s: %q", name, why)
		}
	}
}
