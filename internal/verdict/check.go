package verdict

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// Reported is what a deploy reported, which a check compares with what is stored
// and running. The zero value compares the record with the cluster alone.
type Reported struct {
	Revision int    // the revision that was reported; 0: whichever is last
	Manifest string // the manifest that was applied; empty: the stored one
	// Left is what admission made of the objects when the run wrote them, by the API
	// server's own answers; nil: it wrote none.
	Left facts.Baseline
	// Unmended are the objects that the run could not bring to the manifest.
	Unmended map[facts.Ref]error
	// Definitions are the names of the definitions of kinds in the chart's crds folder.
	Definitions []string
}

// Checks compares what is stored and running with what was reported. It makes
// every check, so that all that is wrong is seen at once.
func Checks(f *facts.Facts, want Reported, p Policy) []result.Check {
	last := f.Last()
	if last == nil {
		return []result.Check{{Name: "last-revision", Title: "The reported revision is stored", Detail: "no record is stored"}}
	}
	return withHooks([]result.Check{
		checkRevision(last, want),
		checkStatus(last),
		checkOneDeployed(f),
		checkManifest(last, want),
		checkObjects(f),
		checkOwnership(f),
		checkContents(f, p),
		checkReady(f),
	}, f)
}

// Consistent returns whether every check holds.
func Consistent(checks []result.Check) bool {
	return len(checks) > 0 && !slices.ContainsFunc(checks, func(c result.Check) bool { return !c.OK })
}

func checkRevision(last *facts.Record, want Reported) result.Check {
	c := result.Check{Name: "last-revision", Title: "The reported revision is stored"}
	c.OK = last.Loaded && last.DecodeError == "" && (want.Revision == 0 || last.Revision == want.Revision)
	c.Detail = "revision " + strconv.Itoa(last.Revision)
	switch {
	case last.Misplaced != "":
		c.Detail += " is not the release's own: " + last.Misplaced
	case last.DecodeError != "":
		c.Detail += " cannot be decoded: " + last.DecodeError
	case !c.OK:
		c.Detail += fmt.Sprintf(" is the last one stored, revision %d was reported", want.Revision)
	}
	return c
}

func checkStatus(last *facts.Record) result.Check {
	c := result.Check{Name: "status", Title: "The record says deployed, in label and payload"}
	c.OK = last.LabelStatus == facts.StatusDeployed && last.PayloadStatus == facts.StatusDeployed && !last.Hidden
	switch {
	case last.Hidden:
		c.Detail = "the record lacks the labels by which Helm finds it"
	case c.OK:
		c.Detail = "both do"
	case last.LabelStatus != last.PayloadStatus:
		c.Detail = fmt.Sprintf("the record's label says %s and its payload %s", last.LabelStatus, last.PayloadStatus)
	default:
		c.Detail = fmt.Sprintf("the record says %s", last.PayloadStatus)
	}
	return c
}

func checkOneDeployed(f *facts.Facts) result.Check {
	c := result.Check{Name: "one-deployed", Title: "Exactly one revision is deployed"}
	n := 0
	for _, r := range f.Records {
		if r.LabelStatus != facts.StatusDeployed {
			continue
		}
		n++
		c.Findings = append(c.Findings, fmt.Sprintf("revision %d", r.Revision))
	}
	c.OK = n == 1
	switch c.Detail = fmt.Sprintf("%d of the %d stored revisions are deployed", n, len(f.Records)); {
	case c.OK:
		c.Detail, c.Findings = fmt.Sprintf("1 of %d stored", len(f.Records)), nil
	case n == 0:
		c.Detail = "no stored revision is deployed"
	}
	return c
}

func checkManifest(last *facts.Record, want Reported) result.Check {
	c := result.Check{Name: "manifest", Title: "The stored manifest is the one applied"}
	c.OK = last.DecodeError == "" && (want.Manifest == "" || last.Manifest == want.Manifest)
	switch {
	case !c.OK:
		c.Detail = "the stored manifest differs from what was applied"
	case want.Manifest != "":
		c.Detail = "identical"
	}
	return c
}

func checkObjects(f *facts.Facts) result.Check {
	return each(f, "being deleted", result.Check{Name: checkNameObjects, Title: "Every object exists and is not being deleted"},
		func(o facts.Object) string {
			switch {
			case o.Error != "":
				return "could not be read: " + o.Error
			case o.Expired:
				return ""
			case !o.Exists:
				return "does not exist"
			case o.Deleting:
				return "is being deleted"
			}
			return ""
		})
}

func checkOwnership(f *facts.Facts) result.Check {
	return each(f, "not the release's own", result.Check{Name: "ownership", Title: "Every object belongs to the release"},
		func(o facts.Object) string {
			switch {
			case o.Owned, o.Expired:
				return ""
			case !o.Exists:
				return "does not exist"
			case o.Owner == "", strings.HasSuffix(o.Owner, "/"):
				return "carries no release's name"
			case o.Owner == f.Namespace.Name+"/"+f.Release:
				return "carries the release's name, but not the label of what Helm manages"
			}
			return "belongs to " + o.Owner
		})
}

// brief returns why an object is not ready: the cause where a container of it has that,
// since what its pods show is told at length elsewhere.
func brief(o facts.Object) string {
	if o.Cause.Container == "" || o.Cause.Kind == facts.CauseNotReady {
		return o.Reason
	}
	return strings.ReplaceAll(string(o.Cause.Kind), "-", " ")
}

func checkReady(f *facts.Facts) result.Check {
	c := each(f, "not ready", result.Check{Name: checkNameReady, Title: "Everything is ready"}, func(o facts.Object) string {
		switch {
		case healthyEnough(o):
			return ""
		case !o.Exists:
			return "does not exist"
		}
		return "is not ready: " + brief(o)
	})
	c.Detail += ignored(f)
	return c
}

const checkNameReady = "ready"

const checkNameObjects = "objects"

// each fills a check from every object's own fault, in a word fail. What is not there,
// or could not be read, no check can vouch for; it is named by the one about that alone.
func each(f *facts.Facts, fail string, c result.Check, fault func(facts.Object) string) result.Check {
	if !f.Observed {
		c.Detail = "the objects were not read"
		return c
	}
	faulty, absent, unread := 0, 0, 0
	for _, o := range f.Objects {
		why := fault(o)
		switch {
		case why == "":
			continue
		case o.Error != "":
			unread++
		case !o.Exists:
			absent++
		default:
			faulty++
		}
		if o.Exists || c.Name == checkNameObjects {
			c.Findings = append(c.Findings, o.String()+": "+why)
		}
	}
	n := len(f.Objects)
	if c.OK = faulty+absent+unread == 0; c.OK {
		c.Detail = fmt.Sprintf("%d of %d", n, n)
		return c
	}
	var parts []string
	part := func(count int, what string) {
		if count > 0 {
			parts = append(parts, fmt.Sprintf("%d of %s %s", count, text.Plural(n, "object"), what))
		}
	}
	part(faulty, fail)
	if faulty == 0 || c.Name == checkNameObjects {
		part(absent, "not there")
		part(unread, "not read")
	}
	c.Detail = strings.Join(parts, ", ")
	return c
}
