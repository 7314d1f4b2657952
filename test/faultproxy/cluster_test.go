//go:build cluster

package faultproxy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// bench is a namespace with a proxy in front of it and a client on each side.
type bench struct {
	*kubetest.Cluster
	proxy     *faultproxy.Proxy
	through   kubernetes.Interface // over the proxy
	namespace string
}

func newBench(t *testing.T, options ...faultproxy.Option) *bench {
	t.Helper()
	c := kubetest.Connect(t)
	proxy := faultproxy.New(t, c.Config(), options...)
	client, err := kubernetes.NewForConfig(proxy.Config(t, c.Config()))
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Cluster: c, proxy: proxy, through: client, namespace: c.Namespace(t)}
}

// overBoth runs a test over HTTP/2 and over HTTP/1.1.
func overBoth(t *testing.T, test func(*testing.T, *bench)) {
	t.Run("HTTP2", func(t *testing.T) { t.Parallel(); test(t, newBench(t)) })
	t.Run("HTTP1", func(t *testing.T) { t.Parallel(); test(t, newBench(t, faultproxy.HTTP1())) })
}

// create makes a ConfigMap over the proxy, on a connection that was used before.
func (b *bench) create(t *testing.T) error {
	t.Helper()
	if _, err := b.through.CoreV1().ConfigMaps(b.namespace).List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "made", Labels: map[string]string{"status": "pending-install"}}}
	_, err := b.through.CoreV1().ConfigMaps(b.namespace).Create(ctx, object, metav1.CreateOptions{})
	return err
}

// created says whether the ConfigMap is stored.
func (b *bench) created(t *testing.T) bool {
	t.Helper()
	_, err := b.Client().CoreV1().ConfigMaps(b.namespace).Get(t.Context(), "made", metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Error(err)
	}
	return err == nil
}

var creation = faultproxy.Match{Verb: "create", Resource: "configmaps", Name: "made", Status: "pending-install", Times: 1}

// What the client sees of each fault, and whether the write took effect.
func TestFaultsOnAWrite(t *testing.T) {
	unanswered := func(err error) bool {
		return err != nil && apierrors.ReasonForError(err) == metav1.StatusReasonUnknown && !errors.Is(err, context.DeadlineExceeded)
	}
	timedOut := func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
	none := func(err error) bool { return err == nil }
	tests := []struct {
		name    string
		fault   faultproxy.Fault
		seen    func(error) bool
		created bool
		code    int
		least   time.Duration
	}{
		{"refuse", faultproxy.Refuse(), unanswered, false, 0, 0},
		{"reset", faultproxy.Reset(), unanswered, false, 0, 0},
		{"drop answer", faultproxy.DropAnswer(), unanswered, true, 201, 0},
		{"exists", faultproxy.Answer(409, "there already"), apierrors.IsAlreadyExists, false, 409, 0},
		{"forbidden", faultproxy.Answer(403, "not you"), apierrors.IsForbidden, false, 403, 0},
		{"too many", faultproxy.Answer(429, "wait"), apierrors.IsTooManyRequests, false, 429, 0},
		{"unavailable", faultproxy.Answer(503, "starting"), apierrors.IsServiceUnavailable, false, 503, 0},
		{"leader changed", faultproxy.Answer(500, "etcdserver: leader changed"), func(err error) bool {
			return err != nil && err.Error() == "etcdserver: leader changed"
		}, false, 500, 0},
		{"retry after", faultproxy.AnswerRetryAfter(429, 1), none, true, 429, time.Second},
		{"delay", faultproxy.Delay(300 * time.Millisecond), none, true, 201, 300 * time.Millisecond},
		{"delay answer", faultproxy.DelayAnswer(300 * time.Millisecond), none, true, 201, 300 * time.Millisecond},
		{"late answer", faultproxy.DelayAnswer(time.Hour), timedOut, true, 201, 0},
		{"blackhole", faultproxy.Blackhole(), timedOut, false, 0, 0},
		{"sequence", faultproxy.Sequence(faultproxy.Delay(time.Millisecond), faultproxy.DropAnswer()), unanswered, true, 201, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, b *bench) {
				rule := b.proxy.On(creation, tt.fault)
				start := time.Now()
				if err := b.create(t); !tt.seen(err) {
					t.Errorf("the client saw: %v", err)
				}
				if took := time.Since(start); took < tt.least {
					t.Errorf("it took %s, want %s at least", took, tt.least)
				}
				if got := b.created(t); got != tt.created {
					t.Errorf("stored: %v, want %v", got, tt.created)
				}
				if rule.Hits() != 1 {
					t.Errorf("the rule acted %d times", rule.Hits())
				}
				if got := b.proxy.Log()[1]; got.Code != tt.code || got.Fault == "" || got.Length == 0 || got.Body != nil {
					t.Errorf("the log says: %s; want code %d", got, tt.code)
				}
				if _, err := b.through.CoreV1().ConfigMaps(b.namespace).List(t.Context(), metav1.ListOptions{}); err != nil {
					t.Errorf("the next request: %v", err)
				}
			})
		})
	}
}

func TestCallbacks(t *testing.T) {
	overBoth(t, func(t *testing.T, b *bench) {
		var before, after faultproxy.Request
		stored := map[string]bool{}
		rule := b.proxy.On(creation, faultproxy.Sequence(
			faultproxy.Call(func(r faultproxy.Request) { before, stored["before"] = r, b.created(t) }),
			faultproxy.CallAfter(func(r faultproxy.Request) { after, stored["after"] = r, b.created(t) }),
		))
		if err := b.create(t); err != nil {
			t.Fatal(err)
		}
		<-rule.Reached()
		if stored["before"] || !stored["after"] {
			t.Errorf("stored: %v", stored)
		}
		if before.N != 2 || before.Namespace != b.namespace || !strings.Contains(string(before.Body), "pending-install") || before.Code != 0 {
			t.Errorf("called before with %s", before)
		}
		if after.N != 2 || after.Code != 201 || len(after.Body) != after.Length {
			t.Errorf("called after with %s", after)
		}
	})
}

func TestBody(t *testing.T) {
	overBoth(t, func(t *testing.T, b *bench) {
		b.proxy.On(faultproxy.Match{Resource: "selfsubjectrulesreviews"}, faultproxy.Body(func(body []byte) []byte {
			return []byte(strings.Replace(string(body), `"incomplete":false`, `"incomplete":true,"evaluationError":"asked too much"`, 1))
		}))
		review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: b.namespace}}
		got, err := b.through.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(), review, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Status.Incomplete || got.Status.EvaluationError != "asked too much" || len(got.Status.ResourceRules) == 0 {
			t.Errorf("the review says %+v", got.Status)
		}
	})
}

func TestOnNth(t *testing.T) {
	overBoth(t, func(t *testing.T, b *bench) {
		rule := b.proxy.OnNth(2, faultproxy.Answer(403, "the second"))
		if err := b.create(t); !apierrors.IsForbidden(err) {
			t.Errorf("the second request: %v", err)
		}
		if err := b.create(t); err != nil {
			t.Errorf("the fourth request: %v", err)
		}
		if rule.Hits() != 1 || b.proxy.Count() != 4 {
			t.Errorf("acted %d times on %d requests", rule.Hits(), b.proxy.Count())
		}
	})
}
