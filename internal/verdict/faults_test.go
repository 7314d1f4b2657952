package verdict

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

func fault(kind string, c facts.Cause) result.Fault {
	return result.Fault{Ref: facts.Ref{Kind: kind, Namespace: "pr-7", Name: "shop"}, Cause: c}
}

func hook(f result.Fault) result.Fault {
	f.Hook = true
	return f
}

func named(name string, f result.Fault) result.Fault {
	f.Name = name
	return f
}

func TestHeadlineNamesTheCause(t *testing.T) {
	image := facts.Cause{Kind: facts.CauseImageMissing, Container: "app", About: "registry.example.com/shop:missing"}
	crash := facts.Cause{Kind: facts.CauseCrash, Container: "app", Said: "panic: no DATABASE_URL", ExitCode: 2}
	for _, c := range []struct {
		want   string
		faults []result.Fault
	}{
		{"The image `registry.example.com/shop:missing` does not exist (Deployment/shop)", []result.Fault{fault("Deployment", image)}},
		{"The image `registry.example.com/shop:missing` does not exist (Deployment/shop, StatefulSet/db and CronJob/tidy)",
			[]result.Fault{fault("Deployment", image), named("db", fault("StatefulSet", image)), named("tidy", fault("CronJob", image))}},
		{"The image `x` does not exist: no match for platform in manifest (Deployment/shop)", []result.Fault{fault("Deployment",
			facts.Cause{Kind: facts.CauseImageMissing, About: "x", Said: "no match for platform in manifest"})}},
		{"`X:Y:Z` is no valid name of an image (Deployment/shop)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseImageName, About: "X:Y:Z"})}},
		{"The registry refuses the image `x` to the cluster (Deployment/shop)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseImageDenied, About: "x", Said: "Unable to retrieve a secret"})}},
		{"The image `x` cannot be pulled: 503 Service Unavailable (Deployment/shop)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseImagePull, About: "x", Said: "503 Service Unavailable"})}},
		{"Secret `db` does not exist (Deployment/shop)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseConfigMissing, About: "Secret db"})}},
		{"Secret `db` has no key `url` (Deployment/shop)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseConfigMissing, About: "key url of Secret db"})}},
		{"A ConfigMap has no key `url` (Deployment/shop)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseConfigMissing, About: "key url of a ConfigMap"})}},
		{"Something that the pods refer to does not exist (Deployment/shop)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseConfigMissing})}},
		{"shop cannot start: exec: \"nope\": executable file not found in $PATH",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseStart, Said: `exec: "nope": executable file not found in $PATH`})}},
		{"shop is killed for its memory, of which it may take 64Mi",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseMemory, About: "64Mi", ExitCode: 137})}},
		{"shop crashes: panic: no DATABASE_URL (exit code 2)", []result.Fault{fault("Deployment", crash)}},
		{"shop and worker crash: panic: no DATABASE_URL (exit code 2)",
			[]result.Fault{fault("Deployment", crash), named("worker", fault("Deployment", crash))}},
		{"shop ends with exit code 0 again and again: bye", []result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseEnds, Said: "bye"})}},
		{"Job/shop failed: no such table (exit code 1)",
			[]result.Fault{fault("Job", facts.Cause{Kind: facts.CauseJob, Said: "no such table", ExitCode: 1})}},
		{"The hook Job/shop failed: no such table (exit code 1)",
			[]result.Fault{hook(fault("Job", facts.Cause{Kind: facts.CauseJob, Said: "no such table", ExitCode: 1}))}},
		{"The image `registry.example.com/shop:missing` does not exist (the hook Job/shop)", []result.Fault{hook(fault("Job", image))}},
		{"The hook Job/shop was not ready in time", []result.Fault{hook(fault("Job", facts.Cause{Kind: facts.CauseNotReady}))}},
		{"The quota `small` has no room for the pods of shop (asked for pods=1, used pods=1, limit pods=1)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseQuota, About: "small",
				Said: "requested: pods=1, used: pods=1, limited: pods=1"})}},
		{"The cluster refuses the pods of shop: violates PodSecurity \"restricted:latest\"",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseRefused, Said: `violates PodSecurity "restricted:latest"`})}},
		{"The admission webhook `w.example.com` does not answer: connection refused (Deployment/shop)",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseWebhook, About: "w.example.com", Said: "connection refused"})}},
		{"PersistentVolumeClaim/shop gets no volume: storageclass.storage.k8s.io \"fast\" not found",
			[]result.Fault{fault("PersistentVolumeClaim", facts.Cause{Kind: facts.CauseVolume,
				Said: `storageclass.storage.k8s.io "fast" not found`})}},
		{"No node takes the pods of shop: 0/1 nodes are available: 1 Insufficient cpu",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseNoNode, Said: "0/1 nodes are available: 1 Insufficient cpu"})}},
		{"Certificate/shop is not ready by its controller's word: Issuing",
			[]result.Fault{fault("Certificate", facts.Cause{Kind: facts.CauseResource, Said: "Issuing"})}},
		{"The node `n1` is not ready (Deployment/shop)", []result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseNode, About: "n1"})}},
		{"shop cannot run: FailedCreatePodSandBox: no network",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CausePod, Said: "FailedCreatePodSandBox: no network"})}},
		{"shop does not become ready: Readiness probe failed: HTTP probe failed with statuscode: 500",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseProbe,
				Said: "Readiness probe failed: HTTP probe failed with statuscode: 500"})}},
		{"shop was not ready in time: Available: 0/1",
			[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseNotReady, Said: "Available: 0/1"})}},
		// What says most comes first, and the others are counted.
		{"shop crashes: panic: no DATABASE_URL (exit code 2), and 1 more cause",
			[]result.Fault{named("db", fault("StatefulSet", facts.Cause{Kind: facts.CauseNotReady})), fault("Deployment", crash)}},
		{"The image `registry.example.com/shop:missing` does not exist (Deployment/shop), and 2 more causes",
			[]result.Fault{named("a", fault("Deployment", crash)), named("b", fault("Deployment", facts.Cause{Kind: facts.CauseProbe})),
				fault("Deployment", image)}},
		// Another namespace is named, and what was said stays as it is: a secret may be in it.
		{"other/Deployment/shop crashes: a`b  c. (exit code 2)", []result.Fault{{Ref: facts.Ref{Kind: "Deployment", Namespace: "other", Name: "shop"},
			Cause: facts.Cause{Kind: facts.CauseCrash, Said: "a`b  c.", ExitCode: 2}}}},
	} {
		p := NameCause(&problem.Problem{Reason: problem.DeployFailed}, c.faults, "pr-7", nil)
		if p.Headline != c.want {
			t.Errorf("headline %q, want %q", p.Headline, c.want)
		}
	}
}

// Every kind has words and advice of its own.
func TestEveryCauseHasItsOwnWords(t *testing.T) {
	var said []string
	for _, kind := range facts.CauseKinds {
		p := NameCause(&problem.Problem{Reason: problem.DeployFailed}, []result.Fault{fault("Deployment", facts.Cause{Kind: kind})}, "pr-7", nil)
		if p.Headline == "" || !unicode.IsUpper(rune(p.Next[0])) || !strings.HasSuffix(p.Next, ". Then deploy again.") {
			t.Errorf("%s: %q, next %q", kind, p.Headline, p.Next)
		}
		if slices.Contains(said, p.Headline) || slices.Contains(said, p.Next) {
			t.Errorf("%s says what another does: %q, %q", kind, p.Headline, p.Next)
		}
		said = append(said, p.Headline, p.Next)
	}
}

// A Job whose time was over needs other advice than one that fails.
// A quota is advised about by what it is short of.
func TestAdviceForAQuota(t *testing.T) {
	for said, want := range map[string]string{
		"requested: pods=1, used: pods=0, limited: pods=0":                                  "Raise the quota, which allows no pod at all.",
		"requested: pods=1, used: pods=4, limited: pods=4":                                  "Take down",
		"requested: cpu=1,pods=1, used: cpu=0,pods=0, limited: cpu=500m,pods=9":             "Lower resources.requests",
		"requested: limits.memory=1Gi, used: limits.memory=0, limited: limits.memory=512Mi": "Lower resources.requests",
		"must specify limits.cpu for: app":                                                  "Lower resources.requests",
	} {
		c := facts.Cause{Kind: facts.CauseQuota, About: "small", Said: said}
		if got := adviceFor(c); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", said, got)
		}
	}
}

func TestAdviceForAJobThatTookTooLong(t *testing.T) {
	late := facts.Cause{Kind: facts.CauseJob, Said: "DeadlineExceeded: Job was active longer than specified deadline"}
	if next := adviceFor(late); !strings.Contains(next, "activeDeadlineSeconds") {
		t.Errorf("next %q", next)
	}
}

// What others wrote is bounded, so that what was done about it is still said.
func TestHeadlineIsBounded(t *testing.T) {
	p := NameCause(&problem.Problem{Reason: problem.DeployFailed},
		[]result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseCrash, Said: strings.Repeat("x", 4096), ExitCode: 1})}, "pr-7", nil)
	const done = "revision 2 is back, as revision 4"
	if p = AfterFailure(p, done); len(p.Headline) > 500 || !strings.HasSuffix(p.Headline, "; "+done) {
		t.Errorf("%d bytes: %q", len(p.Headline), p.Headline)
	}
}

// The cause is named where faults of objects are what a run ended by, and no other.
func TestWhatACauseIsNamedFor(t *testing.T) {
	faults := []result.Fault{fault("Deployment", facts.Cause{Kind: facts.CauseEnds})}
	ready := []result.Check{{Name: checkNameObjects, OK: true}, {Name: checkNameReady}}
	both := []result.Check{{Name: checkNameObjects}, {Name: checkNameReady}}
	for name, c := range map[string]struct {
		reason problem.ExitReason
		faults []result.Fault
		checks []result.Check
		named  bool
	}{
		"a deploy":                     {problem.DeployFailed, faults, nil, true},
		"a deploy, nothing found":      {problem.DeployFailed, nil, nil, false},
		"a check of what is not ready": {problem.Inconsistent, faults, ready, true},
		"a check of what is not there": {problem.Inconsistent, faults, both, false},
		"an API server that is silent": {problem.Unanswered, faults, ready, false},
		"a permission":                 {problem.PermissionMissing, faults, nil, false},
	} {
		p := NameCause(&problem.Problem{Reason: c.reason, Headline: "before", Next: "Wait."}, c.faults, "pr-7", c.checks)
		if (p.Headline != "before") != c.named || (p.Next != "Wait.") != c.named {
			t.Errorf("%s: %q, %q", name, p.Headline, p.Next)
		}
	}
	const command = "Delete it:\n$ kubectl delete job/shop"
	if p := NameCause(&problem.Problem{Reason: problem.DeployFailed, Next: command}, faults, "pr-7", nil); p.Next != command {
		t.Errorf("next %q", p.Next)
	}
	if NameCause(nil, faults, "pr-7", nil) != nil {
		t.Error("a problem was made of none")
	}
}

// Where nothing was found out, the first line of the error is the cause.
func TestFailedSaysWhy(t *testing.T) {
	for said, want := range map[string]string{
		"cannot patch `web`: denied\nmore":                              "The deploy of `shop` failed: cannot patch `web`: denied",
		"1 error occurred:\n\t* webhook w denied the request\n\n":       "The deploy of `shop` failed: webhook w denied the request",
		"failed post-install: 2 errors occurred:\n\t* one\n\t* two\n\n": "The deploy of `shop` failed: one",
	} {
		if p := Failed("shop", errors.New(said), "Fix it."); p.Headline != want {
			t.Errorf("headline %q, want %q", p.Headline, want)
		}
	}
}

// A headline says what is wrong with a chart, and of anything else what was tried.
func TestHeadlineOfAChart(t *testing.T) {
	cause := errors.New("shop/templates/web.yaml:2:13: nil `pointer`\nmore")
	const tried = "render the chart"
	for want, p := range map[string]*problem.Problem{
		"Could not render the chart: shop/templates/web.yaml:2:13: nil `pointer`": {Reason: problem.ChartInvalid, Tried: tried, Cause: cause},
		"Could not render the chart.": {Reason: problem.ChartInvalid, Tried: tried},
		"Could not read it.":          {Reason: problem.Unanswered, Tried: "read it", Cause: cause},
		"It has its own.":             {Reason: problem.ChartInvalid, Headline: "It has its own.", Cause: cause},
	} {
		if got := HeadlineOf(p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
