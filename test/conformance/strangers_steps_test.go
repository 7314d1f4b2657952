//go:build conformance

package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// step is a run of Berth, and what happened to the release's records before.
type step struct {
	verb   string
	flags  []string
	damage string
}

func (s step) String() string {
	text := strings.Join(append([]string{s.verb}, s.flags...), " ")
	if s.damage != "" {
		text += ", after this: " + s.damage
	}
	return text
}

// trial is one case: what is there beside the release, and what is run.
type trial struct {
	seed      uint64
	goes      bool // Berth makes the namespace
	driver    string
	database  bool   // the chart has a StatefulSet
	policy    string // delete policy of the chart's hooks
	strangers []stranger
	steps     []step
}

// newTrial returns the case of a seed.
func newTrial(seed uint64) trial {
	r := chooses{rand.New(rand.NewPCG(seed, 20))}
	t := trial{seed: seed, goes: r.chance(30), database: r.chance(40), driver: "secret"}
	if r.chance(15) {
		t.driver = "configmap"
	}
	t.policy = pick(r, "hook-succeeded", "hook-failed", "hook-succeeded,hook-failed")
	if r.chance(50) {
		t.policy = "before-hook-creation"
	}
	t.steps = append(t.steps, r.install())
	for range 1 + r.IntN(3) {
		t.steps = append(t.steps, r.between())
	}
	t.steps = append(t.steps, r.teardown())
	left := r.chance(20)
	if left {
		r.leftover(&t)
	}
	r.surround(&t, r.chance(12) && !left)
	if !left {
		r.replace(&t)
	}
	return t
}

// surround puts strangers round the release. Where it is refusing, something of the
// chart's is somebody else's, so that no deploy begins.
func (r chooses) surround(t *trial, refusing bool) {
	first := 0
	around := []stranger{other}
	if t.goes {
		first = 1 // what Berth makes is not there before
		around = append(around, r.guard())
	}
	for i := range around {
		around[i].from, around[i].needed = first, true
	}
	for n := range 5 + r.IntN(6) {
		s := r.object(n, t.goes, refusing)
		if r.chance(25) {
			s = r.record(refusing)
		}
		if s.from = first; r.chance(30) {
			s.from += r.IntN(len(t.steps) - first)
		}
		around = append(around, s)
	}
	var names []string
	t.strangers = append(t.strangers, slices.DeleteFunc(around, func(s stranger) bool { // two may have one name
		key := strings.Join(strings.SplitAfterN(s.text, "\n", 5)[1:4], "")
		known := slices.Contains(names, key)
		names = append(names, key)
		return known
	})...)
}

// replace has somebody else have one of the release's own objects by now.
func (r chooses) replace(t *trial) {
	at := 1 + r.IntN(len(t.steps)-1)
	upgrades := slices.ContainsFunc(t.steps[at:], func(s step) bool { return !leavesTaken(s) })
	if !r.chance(80) {
		return
	}
	of := pick(r, object{resource: "ConfigMap", name: "web"}, object{resource: "Service", name: "web"},
		object{resource: "ConfigMap", name: "hook-config"})
	t.strangers = append(t.strangers, r.instead(at, of.resource, of.name, !upgrades))
}

// instead is a stranger that has the place of an object of the release, or was it itself.
// Unless nameless, it names its owner: what names nobody is the release's to upgrade.
func (r chooses) instead(at int, kind, name string, nameless bool) stranger {
	b := bodies[slices.IndexFunc(bodies, func(b body) bool { return b.kind == kind })]
	m := marks[pick(r, 2, 3, 4)]
	if nameless && r.chance(40) {
		m = marks[pick(r, 0, 7)]
	}
	s := stranger{from: at, instead: true, text: render(b, name, "NS", m.labels, m.annotations)}
	s.what = fmt.Sprintf("%s %s %s, in place of the release's", kind, name, m.what)
	if r.chance(40) && m.annotations != "" {
		s.taken = fmt.Sprintf("{metadata: {labels: {%s}, annotations: {%s}}}", m.labels, m.annotations)
		s.what = fmt.Sprintf("%s %s %s, once the release's", kind, name, m.what)
	}
	return s
}

// leftover is a case in which somebody else has by now what a failed revision left behind.
func (r chooses) leftover(t *trial) {
	change := []string{"--set", "greeting=hello"}
	t.goes = false
	t.steps = []step{
		{verb: "deploy"}, {verb: "deploy", flags: append([]string{"--set", "extras={more}"}, failing[1]...)},
		{verb: "deploy", flags: change}, r.teardown(),
	}
	t.strangers = append(t.strangers, r.instead(2, "ConfigMap", "web-more", true))
}

// leavesTaken returns whether a run leaves what was the release's and has become somebody
// else's.
func leavesTaken(s step) bool {
	mends := slices.Contains(s.flags, "--on-stuck=rollback") || s.damage != ""
	return s.verb == "check" || s.verb == "teardown" || s.verb == "repair" && !mends
}

var failing = [][]string{
	{"--set", "hooks.pre-install.behaviour=fail,hooks.pre-upgrade.behaviour=fail"},
	{"--set", "selector=new"}, // of a Deployment that exists, it cannot be changed
	{"--set", "image=registry.example/missing:1.0", "--set", `podAnnotations.sim\.berth\.dev/behaviour=image-pull`, "--timeout=15s"},
}

// deploy is one of the app, with what it may have beside.
func (r chooses) deploy() step {
	s := step{verb: "deploy", flags: []string{"--set", fmt.Sprintf("greeting=g%d", r.IntN(100))}}
	if r.chance(40) {
		s.flags = append(s.flags, "--set", "extras={more}")
	}
	if r.chance(30) {
		s.flags = append(s.flags, "--set", pick(r, "hooks.post-install.behaviour=complete", "hooks.post-upgrade.behaviour=complete",
			"hooks.pre-rollback.behaviour=complete", "hooks.pre-delete.behaviour=complete"))
	}
	if r.chance(15) {
		s.flags = append(s.flags, "--max-history=1")
	}
	return s
}

func (r chooses) install() step {
	s := r.deploy()
	if r.chance(25) {
		s.flags = append(append(s.flags, failing[r.IntN(2)]...), "--on-failure="+pick(r, "keep", "uninstall"))
	}
	return s
}

func (r chooses) between() step {
	s := step{verb: pick(r, "check", "repair", "repair", "deploy", "deploy", "deploy")}
	switch {
	case s.verb == "check":
		s.flags = []string{"--check-timeout=3s"}
	case s.verb == "repair":
		s.flags = []string{"--on-stuck=" + pick(r, "auto", "auto", "promote", "unlock", "rollback", "uninstall")}
	case r.chance(35):
		s = r.deploy()
		s.flags = append(append(s.flags, failing[r.IntN(len(failing))]...), "--on-failure="+pick(r, "keep", "rollback", "uninstall"))
	default:
		s = r.deploy()
		s.flags = append(s.flags, "--on-stuck="+pick(r, "auto", "auto", "unlock", "rollback", "uninstall"))
	}
	if r.chance(60) {
		s.damage = damages[r.IntN(len(damages))].what
	}
	return s
}

func (r chooses) teardown() step {
	s := step{verb: "teardown"}
	for _, flag := range []string{"--delete-hooks", "--delete-claims", "--delete-kept"} {
		if r.chance(40) && (flag != "--delete-kept" || !r.chance(50)) {
			s.flags = append(s.flags, flag)
		}
	}
	if r.chance(30) {
		s.damage = damages[r.IntN(len(damages))].what
	}
	return s
}

// damages are what leaves a release stuck, or its records wrong.
var damages = []struct {
	what string
	do   func(s *fixture, last storedRecord)
}{
	{"pending-install", status("pending-install", "pending-install")},
	{"pending-upgrade", status("pending-upgrade", "pending-upgrade")},
	{"pending-rollback", status("pending-rollback", "pending-rollback")},
	{"uninstalling", status("uninstalling", "uninstalling")},
	{"uninstalled", status("uninstalled", "uninstalled")},
	{"unknown", status("unknown", "unknown")},
	{"failed", status("failed", "failed")},
	{"superseded", status("superseded", "superseded")},
	{"the label says deployed, the payload pending-upgrade", status("deployed", "pending-upgrade")},
	{"two revisions are deployed", func(s *fixture, last storedRecord) {
		for _, r := range s.records() {
			if r.plain != nil && r.Revision == last.Revision-1 {
				s.setStatus(r.Revision, "deployed", "deployed")
			}
		}
	}},
	{"the last record cannot be read", func(s *fixture, last storedRecord) { s.corrupt(last.Revision) }},
	{"the first record cannot be read", func(s *fixture, _ storedRecord) { s.corrupt(s.records()[0].Revision) }},
	{"the last record has no name label", func(s *fixture, last storedRecord) { s.strip(last.Revision) }},
	{"the records are gone", func(s *fixture, _ storedRecord) {
		for _, r := range s.records() {
			s.dropRecord(r.Revision)
		}
	}},
	{"the Service is gone", func(s *fixture, _ storedRecord) {
		service := object{"v1", "services", s.release}
		if s.uid(service) == "" {
			return
		}
		owner := s.read(service).GetAnnotations()
		if owner["meta.helm.sh/release-name"] == s.release && owner["meta.helm.sh/release-namespace"] == s.namespace { // and no stranger's
			s.remove(service)
		}
	}},
}

func status(label, payload string) func(*fixture, storedRecord) {
	return func(s *fixture, last storedRecord) {
		if last.plain != nil {
			s.setStatus(last.Revision, label, payload)
		}
	}
}

// hurt does damage to the release's records, where it has any.
func (s *fixture) hurt(what string) {
	s.t.Helper()
	for _, d := range damages {
		if all := s.records(); d.what == what && len(all) > 0 {
			d.do(s, all[len(all)-1])
		}
	}
}
