//go:build bench

package scale

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/ownership"
)

const (
	host       = "github.com"
	repository = "acme/shop"
	// sharedNamespace is where all apps are, with -shared.
	sharedNamespace = "reviews"
	ttl             = 7 * 24 * time.Hour
)

// orchard makes review apps: one is deployed, and the others are copies of what that made, with
// all that is stamped on it. They differ in what differs among apps: the branch and what is derived
// of it, the commit, the pull request, the run, the times, the requests, and what the records hold.
type orchard struct {
	plane
	made     int
	space    *corev1.Namespace
	record   *corev1.Secret
	lock     *coordinationv1.Lease
	payloads payloads
}

// seeded is one of the apps.
type seeded struct{ branch, namespace, release string }

// words are what branches are called by.
var words = strings.Fields(`account address admin api archive audit badge banner basket billing cache calendar carousel cart catalog
	category checkout consent coupon crash currency customer dashboard delivery discount download editor email export filter font
	footer gallery header image import index inventory invoice label layout login logout mailer margin menu metrics migration mobile
	modal notes order page password payment picker price profile query queue rating receipt refund report retry return review role
	router search session setting shipping signup slider sort stock style survey table tag tax theme timeout token tooltip tracking
	translation upload user voucher warehouse webhook widget wishlist worker`)

// appOf returns the app of a number: the same each time.
func appOf(i int) seeded {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	word := func() string { return words[r.IntN(len(words))] }
	kind := []string{"feature", "fix", "chore", "refactor"}[r.IntN(4)]
	name := fmt.Sprintf("%s-%s-%s-%d", kind, word(), word(), i)
	a := seeded{branch: strings.Replace(name, "-", "/", 1), namespace: "review-shop-" + name, release: "shop"}
	if *shared {
		a.namespace, a.release = sharedNamespace, "shop-"+name
	}
	return a
}

// flags are those by which a verb is about an app.
func (a seeded) flags() []string {
	return []string{"--repository", repository, "--branch", a.branch, "--app", "shop", "--namespace", a.namespace, "--release", a.release}
}

// deployFlags are those of its deploy.
func (a seeded) deployFlags() []string {
	return append([]string{"deploy", "--chart", absolute(chart), "--pull-request", "7", "--sha", strings.Repeat("0123456789", 4),
		"--ttl", "7d",
		"--url", "https://{{ .Slug }}.review.example.com"}, a.flags()...)
}

// newOrchard deploys the first app, and reads what it consists of.
func newOrchard(t *testing.T, p plane) *orchard {
	t.Helper()
	if *shared {
		space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: sharedNamespace}}
		_, err := p.client.CoreV1().Namespaces().Create(t.Context(), space, metav1.CreateOptions{})
		must(t, err)
	}
	first, o := appOf(0), &orchard{plane: p, made: 1}
	run(t, p.kubeconfig, berth, first.deployFlags()...)
	var err error
	o.space, err = p.client.CoreV1().Namespaces().Get(t.Context(), first.namespace, metav1.GetOptions{})
	must(t, err)
	key := ownership.RecordPrefix + first.release + ".v1"
	o.record, err = p.client.CoreV1().Secrets(first.namespace).Get(t.Context(), key, metav1.GetOptions{})
	must(t, err)
	o.lock, err = p.client.CoordinationV1().Leases(first.namespace).Get(t.Context(), lease.Name(first.release), metav1.GetOptions{})
	must(t, err)
	o.payloads, err = payloadsLike(o.record.Data["release"])
	must(t, err)
	return o
}

// grow makes apps until there are that many.
func (o *orchard) grow(t *testing.T, apps int) {
	t.Helper()
	began, from := time.Now(), o.made
	next, failed := atomic.Int64{}, make(chan error, 1)
	next.Store(int64(o.made))
	var all sync.WaitGroup
	for range 24 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < apps && len(failed) == 0; i = int(next.Add(1)) - 1 {
				if err := o.plant(t.Context(), i); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	all.Wait()
	if len(failed) > 0 {
		t.Fatal(<-failed)
	}
	o.made = max(o.made, apps)
	o.settle(t)
	t.Logf("%d apps more, with %d records each: %s", o.made-from, *revisions, time.Since(began).Round(time.Second))
}

// settle waits until the controllers have made what they make in each namespace.
func (o *orchard) settle(t *testing.T) {
	t.Helper()
	count := func(of metav1.ListInterface, err error, items int) int64 {
		must(t, err)
		if more := of.GetRemainingItemCount(); more != nil {
			return *more + int64(items)
		}
		return int64(items)
	}
	one := metav1.ListOptions{Limit: 1}
	wait(t, 5*time.Minute, func() bool {
		spaces, err := o.client.CoreV1().Namespaces().List(t.Context(), one)
		want := count(spaces, err, len(spaces.Items))
		accounts, err := o.client.CoreV1().ServiceAccounts("").List(t.Context(), one)
		made := count(accounts, err, len(accounts.Items))
		maps, err := o.client.CoreV1().ConfigMaps("").List(t.Context(), one)
		return made >= want && count(maps, err, len(maps.Items)) >= want
	})
}

// wait waits until a condition holds.
func wait(t *testing.T, limit time.Duration, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(limit); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", limit)
		}
	}
}

// plant makes one app.
func (o *orchard) plant(ctx context.Context, i int) error {
	a, r := appOf(i), rand.New(rand.NewPCG(uint64(i), 2))
	stamps := stampsOf(i, a, r)
	if !*shared {
		if err := o.plantNamespace(ctx, a, stamps); err != nil {
			return err
		}
	}
	for revision := 1; revision <= *revisions; revision++ {
		if err := o.plantRecord(ctx, a, stamps, i, revision); err != nil {
			return err
		}
	}
	l := &coordinationv1.Lease{ObjectMeta: like(o.lock.ObjectMeta, a, nil), Spec: *o.lock.Spec.DeepCopy()}
	l.Name = lease.Name(a.release)
	l.Annotations[ownership.AnnotationRequests] = fmt.Sprintf("cpu=%dm,memory=%dMi", 50*(1+r.IntN(40)), 64*(1+r.IntN(64)))
	l.Annotations[ownership.AnnotationVerdictAt] = stamps[ownership.AnnotationLastDeployed]
	_, err := o.client.CoordinationV1().Leases(a.namespace).Create(ctx, l, metav1.CreateOptions{FieldManager: "berth"})
	return err
}

// hasExpired returns whether an app has: a tenth of them, from the first ten on.
func hasExpired(i int) bool { return i%10 == 9 }

// stampsOf returns what a deploy would have written of an app. A tenth of the apps has expired.
func stampsOf(i int, a seeded, r *rand.Rand) map[string]string {
	ago := time.Duration(1+r.IntN(6*24*60)) * time.Minute
	if hasExpired(i) {
		ago += ttl
	}
	deployed := time.Now().Add(-ago).UTC().Truncate(time.Second)
	var commit strings.Builder
	for range 40 {
		commit.WriteByte("0123456789abcdef"[r.IntN(16)])
	}
	pull, run := 1+r.IntN(90_000), 10_000_000_000+r.Int64N(9_000_000_000)
	return map[string]string{
		ownership.AnnotationBranch:       a.branch,
		ownership.AnnotationPullRequest:  fmt.Sprint(pull),
		ownership.AnnotationCommit:       commit.String(),
		ownership.AnnotationURL:          "https://" + strings.ReplaceAll(a.branch, "/", "-") + ".review.example.com",
		ownership.AnnotationRunURL:       fmt.Sprintf("https://github.com/%s/actions/runs/%d", repository, run),
		ownership.AnnotationLastDeployed: deployed.Format(time.RFC3339),
		ownership.AnnotationExpires:      deployed.Add(ttl).Format(time.RFC3339),
		ownership.LabelIdentity:          app.Identity(app.Source{Host: host, Repository: repository, Branch: a.branch}),
	}
}

// like returns metadata like those of the first app's object.
func like(of metav1.ObjectMeta, a seeded, stamps map[string]string) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Name: of.Name, Namespace: a.namespace, Labels: maps.Clone(of.Labels), Annotations: maps.Clone(of.Annotations)}
	for key, value := range stamps {
		if key == ownership.LabelIdentity {
			m.Labels[key] = value
			continue
		}
		m.Annotations[key] = value
	}
	return m
}

// plantNamespace makes an app's own namespace. It names its own UID, as those that Berth made do.
func (o *orchard) plantNamespace(ctx context.Context, a seeded, stamps map[string]string) error {
	space := &corev1.Namespace{ObjectMeta: like(o.space.ObjectMeta, a, stamps)}
	space.Name, space.Namespace = a.namespace, ""
	space.Annotations[ownership.AnnotationDeployedBy] = stamps[ownership.LabelIdentity]
	delete(space.Labels, corev1.LabelMetadataName)
	made, err := o.client.CoreV1().Namespaces().Create(ctx, space, metav1.CreateOptions{FieldManager: "berth"})
	if err != nil {
		return err
	}
	made.Annotations[ownership.AnnotationNamespaceUID] = string(made.UID)
	_, err = o.client.CoreV1().Namespaces().Update(ctx, made, metav1.UpdateOptions{FieldManager: "berth"})
	return err
}

// plantRecord makes one of an app's records.
func (o *orchard) plantRecord(ctx context.Context, a seeded, stamps map[string]string, app, revision int) error {
	record := &corev1.Secret{ObjectMeta: like(o.record.ObjectMeta, a, stamps), Type: o.record.Type}
	record.Name = fmt.Sprintf("%s%s.v%d", ownership.RecordPrefix, a.release, revision)
	record.Labels["name"], record.Labels["version"] = a.release, fmt.Sprint(revision)
	if revision < *revisions {
		record.Labels["status"] = "superseded"
	}
	size := recordBytes
	if *revisions > 1 && revision < *revisions && app >= heavyApps {
		size = lightBytes
	}
	payload, err := o.payloads.of(a, revision, size)
	if err != nil {
		return err
	}
	record.Data = map[string][]byte{"release": payload}
	_, err = o.client.CoreV1().Secrets(a.namespace).Create(ctx, record, metav1.CreateOptions{FieldManager: "berth"})
	return err
}
