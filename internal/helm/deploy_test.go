package helm

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/resource"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest/fake"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// noRecords returns a client whose lists are empty.
func noRecords() *corev1client.CoreV1Client { return recordsSaying(`{"items":[]}`) }

// recordsSaying is a client to which every list of records is answered like that.
func recordsSaying(answer string) *corev1client.CoreV1Client {
	return corev1client.New(&fake.RESTClient{GroupVersion: corev1.SchemeGroupVersion, VersionedAPIPath: "/api/v1",
		NegotiatedSerializer: resource.UnstructuredPlusDefaultContentConfig().NegotiatedSerializer,
		Client: fake.CreateHTTPClient(func(*http.Request) (*http.Response, error) {
			return jsonResponse(http.StatusOK, []byte(answer)), nil
		})})
}

// Whatever follows on a takeover, the outcome names the objects that were taken.
func TestOutcomeNamesWhatWasTaken(t *testing.T) {
	unavailable := errors.New("no backend")
	both := []string{"Secret/extra", "ConfigMap/web"}
	for name, c := range map[string]struct {
		unpatched string
		second    result.Outcome
		err       error // of the second deploy
		want      []string
		fails     bool
	}{
		"deployed":           {"", result.Outcome{Revision: 1, Adopted: []string{"ConfigMap/web"}}, nil, both, false},
		"failed":             {"", result.Outcome{Err: unavailable}, nil, both, true},
		"not run":            {"", result.Outcome{}, unavailable, both, true},
		"taken over in part": {"web", result.Outcome{}, nil, []string{"Secret/extra"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSDK(t)
			s.unpatched = c.unpatched
			s.exists(webMap, theirs)
			s.exists(extraSecret, theirs)
			o, op := s.operations()
			ch := chartOf(map[string]string{"web.yaml": webMap, "extra.yaml": extraSecret})
			calls := 0
			out := performTakingOver(t.Context(), s.client.timeline, func() (result.Outcome, *deployClient, error) {
				calls++
				if calls > 1 {
					return c.second, nil, c.err
				}
				client := &deployClient{client: s.client, core: noRecords()}
				first, err := o.runMode(facts.ModeInstall, op, client, ch, nil, nil)
				return first, client, err
			})
			if !slices.Equal(out.Taken, c.want) || (out.Err != nil) != c.fails {
				t.Errorf("taken %q, error %v; want %q", out.Taken, out.Err, c.want)
			}
			if slices.Contains(out.Adopted, "ConfigMap/web") {
				t.Errorf("what was taken over counts as adopted: %q", out.Adopted)
			}
		})
	}
}

func TestRunModeThatIsUnknown(t *testing.T) {
	s := newSDK(t)
	o, op := s.operations()
	out, err := o.runMode("elsewise", op, &deployClient{client: s.client, core: noRecords()}, chartOf(nil), nil, nil)
	if err == nil || out.Applied {
		t.Errorf("outcome %+v and no error", out)
	}
	s.wants()
}
