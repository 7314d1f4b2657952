package verdict

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

func TestStripsInNamespace(t *testing.T) {
	own := facts.Namespace{Name: "review", UID: "u", Ours: true, Identity: "me"}
	told := Policy{StripFinalizers: []string{"example.com/Boat", "v1/PersistentVolumeClaim",
		"groupsnapshot.storage.k8s.io/VolumeGroupSnapshotContent"}}
	none, all := func(*facts.Blocker) {}, told
	all.DeleteForeign = true
	again := going("recorded").Ref
	recorded := []facts.Ref{again}
	for name, c := range map[string]struct {
		ns     facts.Namespace
		change func(*facts.Blocker)
		p      Policy
		want   bool
	}{
		"an operator's":             {own, none, told, true},
		"without the input":         {own, none, Policy{}, false},
		"of another kind":           {own, func(b *facts.Blocker) { b.Kind = "Ship" }, told, false},
		"of another group":          {own, func(b *facts.Blocker) { b.APIVersion = "example.org/v1" }, told, false},
		"of another version":        {own, func(b *facts.Blocker) { b.APIVersion = "example.com/v2" }, told, true},
		"that is not being deleted": {own, func(b *facts.Blocker) { b.Since = time.Time{} }, told, false},
		"without finalizers":        {own, func(b *facts.Blocker) { b.Finalizers = nil }, told, false},
		"the garbage collector's":   {own, func(b *facts.Blocker) { b.Finalizers = []string{"foregroundDeletion", "orphan"} }, told, false},
		"a claim, whatever is said": {own, func(b *facts.Blocker) { b.APIVersion, b.Kind = "v1", "PersistentVolumeClaim" }, told, false},
		"a snapshot of a group's volumes": {own, func(b *facts.Blocker) {
			b.APIVersion, b.Kind = "groupsnapshot.storage.k8s.io/v1beta1", "VolumeGroupSnapshotContent"
		}, told, false},
		"in another namespace":         {own, func(b *facts.Blocker) { b.Namespace = "other" }, told, false},
		"in a shared one":              {facts.Namespace{Name: "review", Ours: true, Identity: "me", Shared: true}, none, told, false},
		"in another branch's":          {facts.Namespace{Name: "review", Ours: true, Identity: "you"}, none, told, false},
		"in one without its own UID":   {facts.Namespace{Name: "review", Identity: "me"}, none, told, false},
		"to be kept":                   {own, func(b *facts.Blocker) { b.KeepWhy = "it is marked" }, told, false},
		"kept by its policy":           {own, func(b *facts.Blocker) { b.Policy = true }, told, false},
		"a person's":                   {own, func(b *facts.Blocker) { b.Maker = "kubectl" }, told, false},
		"a person's, with the app":     {own, func(b *facts.Blocker) { b.Maker, b.WithApp = "kubectl", true }, told, true},
		"a person's, and all may go":   {own, func(b *facts.Blocker) { b.Maker = "kubectl" }, all, true},
		"the release's":                {own, func(b *facts.Blocker) { b.Owner = "review/web" }, told, true},
		"the release's, by Helm":       {own, func(b *facts.Blocker) { b.Owner, b.Maker = "review/web", "helm" }, told, true},
		"a person's copy":              {own, func(b *facts.Blocker) { b.Owner, b.Maker = "review/web", "kubectl" }, told, false},
		"a copy of a hook's":           {own, func(b *facts.Blocker) { b.Hook, b.HookOf, b.Maker = true, "review/web", "kubectl" }, told, false},
		"a copy, and all may go":       {own, func(b *facts.Blocker) { b.Owner, b.Maker = "review/web", "kubectl" }, all, true},
		"a copy, with the app":         {own, func(b *facts.Blocker) { b.Owner, b.Maker, b.WithApp = "review/web", "kubectl", true }, told, true},
		"made anew by a person":        {own, func(b *facts.Blocker) { b.Owner, b.Maker, b.Ref = "review/web", "kubectl", again }, told, true},
		"another release's":            {own, func(b *facts.Blocker) { b.Owner = "review/db" }, told, false},
		"what another branch is named": {own, func(b *facts.Blocker) { b.Identity, b.Maker = "you", "kubectl" }, told, false},
	} {
		if got := StripsInNamespace(c.ns, going("a", c.change), recorded, "web", "me", c.p); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestStripsOfRelease(t *testing.T) {
	told := Policy{StripFinalizers: []string{"example.com/Boat"}}
	for name, c := range map[string]struct {
		change func(*facts.Blocker)
		want   bool
	}{
		"its own":               {func(b *facts.Blocker) { b.Owner = "review/web" }, true},
		"its hook's":            {func(b *facts.Blocker) { b.HookOf = "review/web" }, true},
		"nobody's":              {func(*facts.Blocker) {}, false},
		"another's":             {func(b *facts.Blocker) { b.Owner = "other/web" }, false},
		"another's, of a hook":  {func(b *facts.Blocker) { b.Owner, b.HookOf = "other/web", "review/web" }, false},
		"its own, to be kept":   {func(b *facts.Blocker) { b.Owner, b.KeepWhy = "review/web", "it is marked" }, false},
		"its own, by policy":    {func(b *facts.Blocker) { b.Owner, b.Policy = "review/web", true }, false},
		"its own, not deleted":  {func(b *facts.Blocker) { b.Owner, b.Since = "review/web", time.Time{} }, false},
		"its own, another kind": {func(b *facts.Blocker) { b.Owner, b.Kind = "review/web", "Ship" }, false},
	} {
		if got := StripsOfRelease(going("a", c.change), "review/web", told); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestStandstill(t *testing.T) {
	a, b := going("a"), going("b")
	written := going("a", func(b *facts.Blocker) { b.Version = "2" })
	freed := going("b", func(b *facts.Blocker) { b.Finalizers, b.Version = nil, "2" })
	look := func(seconds int, all ...facts.Blocker) func(*Standstill) []facts.Blocker {
		return func(s *Standstill) []facts.Blocker { return s.See(all, noon.Add(time.Duration(seconds)*time.Second)) }
	}
	for name, c := range map[string]struct {
		looks []func(*Standstill) []facts.Blocker
		want  int
	}{
		"at once":                   {[]func(*Standstill) []facts.Blocker{look(0, a, b)}, 0},
		"too early":                 {[]func(*Standstill) []facts.Blocker{look(0, a, b), look(9, a, b)}, 0},
		"in time":                   {[]func(*Standstill) []facts.Blocker{look(0, a, b), look(5, b, a), look(10, a, b)}, 2},
		"one was written to":        {[]func(*Standstill) []facts.Blocker{look(0, a, b), look(5, written, b), look(10, written, b)}, 1},
		"and stood still since":     {[]func(*Standstill) []facts.Blocker{look(0, a, b), look(5, written, b), look(15, written, b)}, 2},
		"one has gone":              {[]func(*Standstill) []facts.Blocker{look(0, a, b), look(5, a), look(14, a)}, 0},
		"one has come":              {[]func(*Standstill) []facts.Blocker{look(0, a), look(5, a, b), look(14, a, b)}, 0},
		"one has lost a finalizer":  {[]func(*Standstill) []facts.Blocker{look(0, a, b), look(5, a, freed), look(14, a, freed)}, 0},
		"long after that":           {[]func(*Standstill) []facts.Blocker{look(0, a, b), look(5, a, freed), look(15, a, freed)}, 2},
		"nothing is left":           {[]func(*Standstill) []facts.Blocker{look(0), look(20)}, 0},
		"seen for the first time":   {[]func(*Standstill) []facts.Blocker{look(0), look(20, a)}, 0},
		"first seen some time past": {[]func(*Standstill) []facts.Blocker{look(0), look(20, a), look(30, a)}, 1},
	} {
		var s Standstill
		var still []facts.Blocker
		for _, l := range c.looks {
			still = l(&s)
		}
		if len(still) != c.want {
			t.Errorf("%s: %d stand still, want %d", name, len(still), c.want)
		}
	}
}

// Whatever is seen, nothing stands still that was not the same for the whole of that time.
func TestStandstillIsNeverEarly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var s Standstill
		since := map[string]time.Time{} // by name and version: since when it was seen at each look
		now := noon
		for range 30 {
			now = now.Add(time.Duration(r.IntN(6000)) * time.Millisecond)
			var all []facts.Blocker
			seen := map[string]time.Time{}
			for _, name := range []string{"a", "b", "c"} {
				if r.IntN(12) == 0 {
					continue
				}
				b := going(name, func(b *facts.Blocker) { b.Version = fmt.Sprint(1 + r.IntN(15)/14) })
				all = append(all, b)
				key := name + b.Version
				if seen[key] = now; !since[key].IsZero() {
					seen[key] = since[key]
				}
			}
			since = seen
			for _, b := range s.See(all, now) {
				if from := since[b.Name+b.Version]; now.Sub(from) < standstill {
					t.Fatalf("%s stands still after %s", b.Name, now.Sub(from))
				}
			}
		}
	}
}
