//go:build bench

package bench

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		sorted []float64
		want   float64
	}{{[]float64{1}, 1}, {[]float64{1, 3}, 2}, {[]float64{1, 2, 9}, 2}} {
		if got := median(c.sorted); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.sorted, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

// A bar of which a part was left out is neither met nor missed.
func TestBarResult(t *testing.T) {
	for _, c := range []struct {
		measured, limit float64
		want            string
	}{{1, 1, "met"}, {2, 1, "**NOT MET**"}, {math.NaN(), 1, "not measured"}, {1, math.NaN(), "not measured"}} {
		if got := (bar{measured: c.measured, limit: c.limit}).result(); got != c.want {
			t.Errorf("%v against %v: %q, want %q", c.measured, c.limit, got, c.want)
		}
	}
}

func TestApplies(t *testing.T) {
	base := request{Stage: "ResponseComplete", Verb: "patch", RequestURI: "/apis/apps/v1/namespaces/n/deployments/web-0?fieldManager=helm"}
	base.ObjectRef.Resource, base.ObjectRef.Namespace, base.ObjectRef.Name = "deployments", "n", release+"-0"
	base.ResponseStatus.Code = 200
	for name, c := range map[string]struct {
		change func(*request)
		want   bool
	}{
		"a patch":           {func(*request) {}, true},
		"a dry run":         {func(r *request) { r.RequestURI += "&dryRun=All" }, false},
		"a read":            {func(r *request) { r.Verb = "get" }, false},
		"refused":           {func(r *request) { r.ResponseStatus.Code = 409 }, false},
		"another namespace": {func(r *request) { r.ObjectRef.Namespace = "m" }, false},
		"the record":        {func(r *request) { r.ObjectRef.Resource = "secrets" }, false},
	} {
		r := base
		c.change(&r)
		if got := r.applies("n"); got != c.want {
			t.Errorf("%s: applies is %v", name, got)
		}
	}
}
