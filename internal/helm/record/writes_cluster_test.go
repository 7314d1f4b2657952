//go:build cluster

package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/test/kubetest"
)

type answer func(next http.RoundTripper, req *http.Request) (*http.Response, error)

// lost lets a request be applied and drops the answer.
func lost(next http.RoundTripper, req *http.Request) (*http.Response, error) {
	resp, err := next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

// dropped fails before the request is sent.
func dropped(_ http.RoundTripper, _ *http.Request) (*http.Response, error) {
	return nil, syscall.ECONNREFUSED
}

func reply(code int, message string) answer {
	return func(_ http.RoundTripper, req *http.Request) (*http.Response, error) {
		body, err := json.Marshal(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
			Status:   metav1.StatusFailure, Code: int32(code), Message: message,
		})
		return &http.Response{
			StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)),
		}, err
	}
}

// faults answers the first requests of a method itself.
type faults struct {
	method string
	left   atomic.Int32
	sent   atomic.Int32
	answer answer
	next   http.RoundTripper
}

func (f *faults) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != f.method {
		return f.next.RoundTrip(req)
	}
	f.sent.Add(1)
	if f.left.Add(-1) < 0 {
		return f.next.RoundTrip(req)
	}
	return f.answer(f.next, req)
}

func broken(config *rest.Config, method string, times int32, a answer) *rest.Config {
	f := &faults{method: method, answer: a}
	f.left.Store(times)
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		f.next = next
		return f
	}
	return config
}

const forever = 1 << 20

func TestFaultsOfAnUpdate(t *testing.T) {
	c := kubetest.Connect(t)
	for name, tc := range map[string]struct {
		times  int32
		answer answer
		status release.Status // what is stored in the end
		want   result.Write
		ending problem.ExitReason
	}{
		"500 three times": {3, reply(500, "etcdserver: leader changed"), release.StatusDeployed, result.Write{Tries: 4}, ""},
		"429":             {2, reply(429, "slow down"), release.StatusDeployed, result.Write{Tries: 3}, ""},
		"webhook":         {1, reply(500, "failed calling webhook"), release.StatusDeployed, result.Write{Tries: 2}, ""},
		"not sent":        {2, dropped, release.StatusDeployed, result.Write{Tries: 3}, ""},
		"answer lost":     {1, lost, release.StatusDeployed, result.Write{Tries: 2, Lost: true}, ""},
		"all lost":        {forever, lost, release.StatusDeployed, result.Write{Tries: 5, Lost: true}, ""},
		"500 for ever":    {forever, reply(500, "no"), release.StatusPendingInstall, result.Write{Tries: 5}, problem.Unanswered},
		"down":            {forever, dropped, release.StatusPendingInstall, result.Write{Tries: 5}, problem.Unanswered},
		"422":             {forever, reply(422, "no"), release.StatusPendingInstall, result.Write{Tries: 1}, problem.Inconsistent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := c.Namespace(t)
			s := open(t, broken(c.Config(), http.MethodPut, tc.times, tc.answer), ns, Secrets)
			rls := mock("web", 1, release.StatusPendingInstall)
			must(t, s.Create(key("1"), rls))
			rls.SetStatus(release.StatusDeployed, "done")
			err := s.Update(key("1"), rls)
			if (err != nil) != (tc.ending != "") || err != nil && problem.Of(err).Reason != tc.ending {
				t.Errorf("got %v", err)
			}
			got := s.Audit()[1]
			if got.Tries != tc.want.Tries || got.Lost != tc.want.Lost || got.Unknown || (got.Error != "") != (err != nil) {
				t.Errorf("audit %+v", got)
			}
			stored, err := s.Get(key("1"))
			if err != nil || stored.Info.Status != tc.status {
				t.Errorf("stored %v, %v", stored, err)
			}
		})
	}
}

// A fence that closes leaves a write whose answer was lost to be read back.
func TestLostAndThenStopped(t *testing.T) {
	c := kubetest.Connect(t)
	calls := 0
	s := open(t, broken(c.Config(), http.MethodPut, forever, func(next http.RoundTripper, req *http.Request) (*http.Response, error) {
		if calls++; calls == 1 {
			return lost(next, req)
		}
		return nil, errors.New("the operation was stopped")
	}), c.Namespace(t), Secrets)
	rls := mock("web", 1, release.StatusPendingInstall)
	must(t, s.Create(key("1"), rls))
	rls.SetStatus(release.StatusDeployed, "done")
	must(t, s.Update(key("1"), rls))
	if w := s.Audit()[1]; !w.Lost || w.Tries != 2 {
		t.Errorf("audit %+v", w)
	}
	rls.SetStatus(release.StatusFailed, "late")
	err := s.Update(key("1"), rls)
	if _, is := errors.AsType[*UnansweredError](err); err == nil || is || s.Audit()[2].Tries != 1 {
		t.Errorf("stopped: %v, audit %+v", err, s.Audit()[2])
	}
}

func TestUpdateOfWhatIsGone(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, c.Config(), ns, Secrets)
	rls := mock("web", 1, release.StatusPendingInstall)
	must(t, s.Create(key("1"), rls))
	must(t, c.Client().CoreV1().Secrets(ns).Delete(t.Context(), key("1"), metav1.DeleteOptions{}))
	for _, r := range []*release.Release{rls, mock("web", 1, release.StatusFailed)} {
		err := s.Update(key("1"), r)
		if !errors.Is(err, driver.ErrReleaseNotFound) || problem.Of(err).Reason != problem.Inconsistent {
			t.Errorf("got %v", err)
		}
	}
}

func TestOwnRecordIsRecognisedWhenTheAnswerWasLost(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	s := open(t, broken(c.Config(), http.MethodPost, 1, lost), ns, Secrets)
	rls := mock("web", 1, release.StatusPendingInstall)
	must(t, s.Create(key("1"), rls))
	if w := s.Audit()[0]; !w.Lost || w.Tries != 2 {
		t.Errorf("audit %+v", w)
	}
	rls.SetStatus(release.StatusDeployed, "done") // the read-back's version is known
	must(t, s.Update(key("1"), rls))

	other := open(t, c.Config(), ns, Secrets)
	other.onCreate.stamp.Run = "run2"
	if err := other.Create(key("1"), rls); !errors.Is(err, driver.ErrReleaseExists) {
		t.Errorf("another run's create: %v", err)
	}
	if !other.Audit()[0].Conflict {
		t.Errorf("audit %+v", other.Audit())
	}
}

func TestLostDeleteIsMadeGood(t *testing.T) {
	c := kubetest.Connect(t)
	s := open(t, broken(c.Config(), http.MethodDelete, 1, lost), c.Namespace(t), Secrets)
	must(t, s.Create(key("1"), mock("web", 1, release.StatusDeployed)))
	if _, err := s.Delete(key("1")); err != nil {
		t.Error(err)
	}
}

func TestUnreadableOutcomeIsUnknown(t *testing.T) {
	c := kubetest.Connect(t)
	ns := c.Namespace(t)
	account := c.ServiceAccount(t, ns, "writer", c.SecretRules("create", "update")...)
	s := open(t, broken(account.Config, http.MethodPut, forever, lost), ns, Secrets)
	rls := mock("web", 1, release.StatusPendingInstall)
	must(t, s.Create(key("1"), rls))
	rls.SetStatus(release.StatusDeployed, "done")
	err := s.Update(key("1"), rls)
	unanswered, ok := errors.AsType[*UnansweredError](err)
	if !ok || !unanswered.Unknown || problem.Of(err).Reason != problem.Unanswered {
		t.Errorf("got %v", err)
	}
	if w := s.Audit()[1]; !w.Unknown || w.Denied {
		t.Errorf("audit %+v", w)
	}
}
