package input

import (
	"strings"
	"time"
)

var probing = []Input{
	{
		Name: "helm-test", Type: Bool, Default: "false", Verbs: rendering,
		Doc:   "Run the chart's tests after a deploy, as helm test does.",
		field: func(o *Options) any { return &o.HelmTest },
	},
	{
		Name: "probe", Type: String, Default: "false", Verbs: deploying, check: checkProbe,
		Doc:   "Ask the URL after a deploy until it answers as it should: true, or a path such as /healthz. Before that it is not given out.",
		field: func(o *Options) any { return &o.Probe },
	},
	{
		Name: "probe-expect", Type: List, Verbs: deploying,
		Doc:   "What the answer has to be, one a line: status=CODES such as 2xx,401, body=TEXT that it holds, header=NAME: TEXT. A status of 200 to 299 when left out.",
		field: func(o *Options) any { return &o.ProbeExpect },
	},
	{
		Name: "probe-version", Type: String, Verbs: deploying,
		Doc:   "Where the answer names the commit that serves it: header=NAME or json=PATH, such as json=build.commit. It has to be the one that is deployed.",
		field: func(o *Options) any { return &o.ProbeVersion },
	},
	{
		Name: "probe-timeout", Type: Duration, Default: "2m", Verbs: deploying, limits: limits{positive: true, longest: time.Hour},
		Doc:   "How long the URL may take to answer as it should; 1h at most.",
		field: func(o *Options) any { return &o.ProbeTimeout },
	},
}

// checkProbe allows true and false, and a path.
func checkProbe(value string) string {
	switch {
	case value == "true", value == "false":
		return ""
	case !strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//"):
		return "give true, false, or a path that begins with /"
	}
	return checkOneLine(value)
}

// conflicts returns what of the probe cannot be done.
func (p *Probing) conflicts(o *Options, refuse func(wrong bool, name, allowed string)) {
	on := p.Probe != "" && p.Probe != "false"
	refuse(on && o.URL == "", "probe", "it needs url, which says what to ask")
	refuse(!on && len(p.ProbeExpect) > 0, "probe-expect", "it needs probe: true, or a path")
	refuse(!on && p.ProbeVersion != "", "probe-version", "it needs probe: true, or a path")
	refuse(on && p.ProbeVersion != "" && o.SHA == "", "probe-version", "it needs sha, the commit that is deployed")
}
