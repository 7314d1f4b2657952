package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/probe"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/secrets"
)

// probed implements engine.URL with internal/probe.
type probed struct{ probe.Prober }

// Answers asks until the answer is as it should be.
func (p probed) Answers(ctx context.Context) (string, error) {
	answer, err := p.Until(ctx)
	if err == nil {
		return fmt.Sprintf("%d %s after %s, %d tries", answer.Status, http.StatusText(answer.Status), answer.Took.Round(100*time.Millisecond),
			answer.Tries), nil
	}
	next := "Report this, please."
	var failure *probe.Failure
	if errors.As(err, &failure) {
		next = failure.Next()
		failure.Said = secrets.InAddresses(secrets.InLine(failure.Said)) // what answers says in it whatever it likes
	}
	return "", &problem.Problem{Reason: problem.ProbeFailed, Cause: err, Next: next,
		Headline: fmt.Sprintf("%s does not answer as it should.", p.URL)}
}

// newProbe returns what asks the target's URL. The inputs were checked by checkProbe.
func newProbe(t target, o *input.Options) probed {
	address := t.URL
	if u, err := url.Parse(t.URL); err == nil && strings.HasPrefix(o.Probe, "/") {
		if path, err := url.Parse(o.Probe); err == nil {
			address = u.ResolveReference(path).String()
		}
	}
	expect, _ := probe.ParseExpectation(o.ProbeExpect)
	if o.ProbeVersion != "" {
		expect.Version, _ = probe.ParseVersion(o.ProbeVersion, o.SHA)
	}
	return probed{probe.Prober{URL: address, Expect: expect}}
}

// checkProbe returns what is wrong with the inputs of the probe.
func checkProbe(o *input.Options) error {
	var errs []error
	if _, err := probe.ParseExpectation(o.ProbeExpect); err != nil {
		errs = append(errs, &input.Error{Input: "probe-expect", Allowed: err.Error()})
	}
	if o.ProbeVersion != "" {
		if _, err := probe.ParseVersion(o.ProbeVersion, o.SHA); err != nil {
			errs = append(errs, &input.Error{Input: "probe-version", Value: o.ProbeVersion, Allowed: err.Error()})
		}
	}
	return errors.Join(errs...)
}

// probeTime returns how long the URL may take to answer, 0 where it is not asked.
func probeTime(o *input.Options) time.Duration {
	if o.Probe == "" || o.Probe == "false" {
		return 0
	}
	return o.ProbeTimeout
}
