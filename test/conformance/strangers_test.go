//go:build conformance

package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// strangersVariable is how many cases are played: where it is not set, a few, which are
// the same ones each time. The seed of the first is -seed, and each has the next one, so
// that -seed and one case replay any.
const strangersVariable = "BERTH_TEST_STRANGERS"

const (
	usualCases = 8
	usualSeed  = 1
)

// strangers is the row about objects of others at random.
var strangers = []row{{ID: "S39",
	Setup: "objects of others at random, of every kind, with the labels, names and marks of what is the release's; " +
		"records stuck in each way, deploys that fail",
	Action: "every verb at random, with those of its inputs that delete",
	End:    "every object of the cluster but the release's own, byte for byte",
	Exit:   "any", InProcess: true, Gone: true, Slow: true, run: func(s *fixture) {
		count, first := chosen(s.t)
		s.t.Logf("seed %d: %d cases; replay with make strangers CASES=%d SEED=%d", first, count, count, first)
		s.define("Boat")
		all := readCluster(s.t, s.Cluster)
		tally := make([]played, count)
		s.t.Run("cases", func(t *testing.T) {
			for i := range tally {
				t.Run(fmt.Sprint("seed ", first+uint64(i)), func(t *testing.T) {
					t.Parallel()
					tally[i] = newTrial(first+uint64(i)).hold(t, all, s.group())
				})
			}
		})
		s.seen = sum(tally, first)
	}}}

// chosen is how many cases are played, and the seed of the first.
func chosen(t *testing.T) (count int, first uint64) {
	t.Helper()
	given := os.Getenv(strangersVariable)
	if given == "" {
		return usualCases, usualSeed
	}
	count, err := strconv.Atoi(given)
	if err != nil {
		t.Fatalf("%s: %v", strangersVariable, err)
	}
	return count, seedOfAll()
}

// played is what came of a case.
type played struct {
	strangers int
	exits     []string // verb and exit code of each run
	faults    []fault
}

// fault is what a run did to somebody else's object.
type fault struct {
	step     int
	stranger int // -1: it is none that the case has made
	text     string
}

// hold plays a case and fails the test if a run touched what is somebody else's, with the
// smallest case that still shows it.
func (tr trial) hold(t *testing.T, all *cluster, group string) played {
	t.Helper()
	result := tr.play(t, all, group)
	if len(result.faults) == 0 {
		return result
	}
	for _, f := range result.faults {
		t.Errorf("seed %d: %s: %s", tr.seed, tr.steps[f.step], f.text)
	}
	small := tr.shrunk(t, all, group, result.faults[0])
	t.Errorf("seed %d, which `make strangers CASES=1 SEED=%d` replays, comes down to this:\n%s", tr.seed, tr.seed, small)
	return result
}

// play runs the steps, and compares after each what is others' with what it was.
func (tr trial) play(t *testing.T, all *cluster, group string) (result played) {
	s := newFixture(t, row{})
	elsewhere := s.Namespace(t)
	account := s.ServiceAccount(t, elsewhere, "deployer")
	account.GrantCluster(t, rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}})
	s.kubeconfig = account.Kubeconfig
	s.env["HELM_DRIVER"] = tr.driver
	s.env["BERTH_LOCK_TIMEOUT"], s.env["BERTH_ASSUME_DEAD_AFTER"] = "8s", "1s" // what is stuck is seen to, or refused, soon
	if tr.goes {
		s.namespace = s.Name(t, "review")
	}
	tr.chart(s)
	p := &playing{fixture: s, trial: tr, all: all, others: map[types.UID]int{}, was: map[types.UID]seen{},
		fill: strings.NewReplacer("OTHER", elsewhere, "GROUP", group, "NS", s.namespace), mine: []string{s.namespace, elsewhere, group}}
	reach := reachOf(t, s.Cluster, account.User)
	p.remember(true)
	for i, step := range tr.steps {
		s.hurt(step.damage)
		result.strangers += p.appear(i)
		e := s.berth(step.verb, step.flags...)
		result.exits = append(result.exits, fmt.Sprint(step.verb, " ", e.code))
		if e.code < 0 || e.code == 1 || e.code == 2 {
			t.Errorf("seed %d: %s ended with %s, which is a fault of its own", tr.seed, step, e)
		}
		result.faults = append(result.faults, p.compare(i)...)
		for _, write := range reach.outside(t, s.namespace) {
			result.faults = append(result.faults, fault{i, -1, "it wrote where nothing is its own: " + write})
		}
		if len(result.faults) > 0 {
			return result
		}
	}
	result.faults = p.compare(len(tr.steps) - 1) // what the garbage collector did since
	return result
}

// chart makes the case's chart.
func (tr trial) chart(s *fixture) {
	s.t.Helper()
	const lasting = `
apiVersion: v1
kind: ConfigMap
metadata: {name: hook-config, annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: "POLICY"}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: post-install, helm.sh/hook-delete-policy: "POLICY"}}
spec:
  backoffLimit: 0
  template: {spec: {restartPolicy: Never, containers: [{name: a, image: "registry.example/app:1.0"}]}}
`
	hooks, err := os.ReadFile(filepath.Join(s.chart, "templates/hooks.yaml"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.chartWith("templates/hooks.yaml", strings.ReplaceAll(string(hooks), "before-hook-creation", tr.policy))
	s.chartWith("templates/lasting.yaml", strings.ReplaceAll(lasting, "POLICY", tr.policy))
	if tr.database {
		text := strings.NewReplacer("RETENTION", "", "ANNOTATIONS", "", "replicas: 2", "replicas: 0").Replace(database)
		s.chartWith("templates/database.yaml", text)
	}
}

// playing is a case while it is played.
type playing struct {
	*fixture
	trial
	all    *cluster
	fill   *strings.Replacer
	mine   []string
	others map[types.UID]int // the strangers by their UIDs
	was    map[types.UID]seen
}

// remember takes objects for somebody else's, as they are now: all of the cluster's
// before the first step, and then those of these UIDs.
func (p *playing) remember(all bool, uids ...types.UID) {
	p.t.Helper()
	for uid, o := range p.all.look(p.t, p.namespace, p.mine...) {
		if all || slices.Contains(uids, uid) {
			p.was[uid] = o
		}
	}
}

// appear makes the strangers of a step. There are none in a namespace that is not there.
func (p *playing) appear(step int) (made int) {
	p.t.Helper()
	ns, err := p.Client().CoreV1().Namespaces().Get(p.t.Context(), p.namespace, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		p.t.Fatal(err)
	}
	var uids []types.UID
	for i, s := range p.strangers {
		if s.from != step || err != nil {
			continue
		}
		brought := p.bring(s)
		for _, uid := range brought {
			p.others[uid] = i
		}
		uids, made = append(uids, brought...), made+len(brought)
	}
	if made > 0 {
		p.remember(false, append(uids, ns.UID)...)
	}
	return made
}

// bring makes what a stranger is, and returns its UIDs.
func (p *playing) bring(s stranger) (uids []types.UID) {
	p.t.Helper()
	o, by := p.parsed(s.text), metav1.CreateOptions{FieldManager: "kubectl-create"}
	place := p.all.place(p.t, o)
	if s.taken != "" {
		change, _ := yaml.YAMLToJSON([]byte(p.fill.Replace(s.taken)))
		live, err := place.Patch(p.t.Context(), o.GetName(), types.MergePatchType, change, metav1.PatchOptions{FieldManager: "helm"})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			p.t.Fatal(err)
		}
		return []types.UID{live.GetUID()}
	}
	if s.owned != "" {
		owner := p.parsed(render(bodies[0], "owner-"+strings.ToLower(o.GetKind())+"-"+o.GetName(), o.GetNamespace(), "", ""))
		live, err := p.all.place(p.t, owner).Create(p.t.Context(), owner, by)
		if err != nil {
			p.t.Fatal(err)
		}
		o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: live.GetName(), UID: live.GetUID(),
			Controller: new(s.owned == "controller")}})
		uids = append(uids, live.GetUID())
	}
	if s.instead {
		if err := place.Delete(p.t.Context(), o.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			p.t.Fatal(err)
		}
	}
	live, err := place.Create(p.t.Context(), o, by)
	if apierrors.IsAlreadyExists(err) {
		return uids // the release has it by now
	}
	if err != nil {
		p.t.Fatalf("%s: %v", s.what, err)
	}
	if o.GetNamespace() == "" {
		p.t.Cleanup(func() { _ = place.Delete(p.t.Context(), o.GetName(), metav1.DeleteOptions{}) })
	}
	return append(uids, live.GetUID())
}

var payload = regexp.MustCompile(`PAYLOAD\(([^,]*),([^,]*),([^,]*),([^)]*)\)`)

func (p *playing) parsed(text string) *unstructured.Unstructured {
	p.t.Helper()
	o := &unstructured.Unstructured{}
	filled := payload.ReplaceAllStringFunc(p.fill.Replace(text), func(call string) string {
		a := payload.FindStringSubmatch(call)
		return encodePayload(a[1], a[2], a[3], a[4])
	})
	if err := yaml.Unmarshal([]byte(filled), &o.Object); err != nil {
		p.t.Fatalf("%s: %v", filled, err)
	}
	return o
}

// compare returns what became of others' objects since they were remembered.
func (p *playing) compare(step int) (faults []fault) {
	p.t.Helper()
	now := p.all.look(p.t, p.namespace, p.mine...)
	for uid, was := range p.was {
		o, there := now[uid]
		why := changed(was, o, there)
		if why == "" {
			continue
		}
		f := fault{step, -1, fmt.Sprintf("%s, which was there before: %s", was, why)}
		if i, ok := p.others[uid]; ok {
			f.stranger, f.text = i, fmt.Sprintf("%s (%s): %s", p.strangers[i].what, was, why)
		}
		faults = append(faults, f)
	}
	return faults
}
