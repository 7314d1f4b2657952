package verdict

import (
	"fmt"
	"slices"
	"strconv"
)

// Want is what a check holds the cluster against: what a deploy reported. Its
// zero value is what check uses alone, when nothing was reported.
type Want struct {
	Revision int    // the revision that was reported; 0: whichever is last
	Manifest string // the manifest that was applied; empty: the stored one
}

// CheckRelease compares what is stored and running with what was reported.
// Every check is made, so that a person sees all that is wrong at once.
func CheckRelease(f *Facts, want Want) []Check {
	last := f.Last()
	if last == nil {
		return []Check{{Name: "last-revision", Title: "The reported revision is stored", Detail: "no record is stored"}}
	}
	return []Check{
		checkRevision(last, want),
		checkStatus(last),
		checkOneDeployed(f),
		checkManifest(last, want),
		checkObjects(f),
		checkOwnership(f),
		checkReady(f),
	}
}

// Consistent says that every check holds.
func Consistent(checks []Check) bool {
	return len(checks) > 0 && !slices.ContainsFunc(checks, func(c Check) bool { return !c.OK })
}

func checkRevision(last *Record, want Want) Check {
	c := Check{Name: "last-revision", Title: "The reported revision is stored"}
	c.OK = last.Loaded && last.DecodeError == "" && (want.Revision == 0 || last.Revision == want.Revision)
	c.Detail = "revision " + strconv.Itoa(last.Revision)
	switch {
	case last.DecodeError != "":
		c.Detail += " cannot be decoded: " + last.DecodeError
	case !c.OK:
		c.Detail += fmt.Sprintf(" is the last one stored, revision %d was reported", want.Revision)
	}
	return c
}

func checkStatus(last *Record) Check {
	c := Check{Name: "status", Title: "The record says deployed, in label and payload"}
	c.OK = last.Label == StatusDeployed && last.Payload == StatusDeployed
	c.Detail = string(last.Payload)
	if last.Label != last.Payload {
		c.Detail = fmt.Sprintf("label %s, payload %s", last.Label, last.Payload)
	}
	return c
}

func checkOneDeployed(f *Facts) Check {
	c := Check{Name: "one-deployed", Title: "Exactly one revision is deployed"}
	n := 0
	for _, r := range f.Records {
		if r.Label != StatusDeployed {
			continue
		}
		n++
		c.Findings = append(c.Findings, fmt.Sprintf("revision %d", r.Revision))
	}
	c.OK = n == 1
	c.Detail = fmt.Sprintf("%d of %d stored", n, len(f.Records))
	if c.OK {
		c.Findings = nil
	}
	return c
}

func checkManifest(last *Record, want Want) Check {
	c := Check{Name: "manifest", Title: "The stored manifest is the one applied"}
	c.OK = last.DecodeError == "" && (want.Manifest == "" || last.Manifest == want.Manifest)
	if !c.OK {
		c.Detail = "what is stored differs from what was applied"
	}
	return c
}

func checkObjects(f *Facts) Check {
	return each(f, Check{Name: "objects", Title: "Every object exists and stays"}, func(o Object) string {
		switch {
		case o.Error != "":
			return "could not be read: " + o.Error
		case !o.Exists:
			return "does not exist"
		case o.Deleting:
			return "is being deleted"
		}
		return ""
	})
}

func checkOwnership(f *Facts) Check {
	return each(f, Check{Name: "ownership", Title: "Every object belongs to the release"}, func(o Object) string {
		switch {
		case !o.Exists || o.Owned:
			return ""
		case o.Owner == "":
			return "carries no release's name"
		}
		return "belongs to " + o.Owner
	})
}

func checkReady(f *Facts) Check {
	return each(f, Check{Name: "ready", Title: "Everything is ready"}, func(o Object) string {
		if !o.Exists || o.Ready {
			return ""
		}
		return "is not ready: " + o.Reason
	})
}

// each fills a check from every object's own fault.
func each(f *Facts, c Check, fault func(Object) string) Check {
	if !f.Observed {
		c.Detail = "the objects were not read"
		return c
	}
	for _, o := range f.Objects {
		if why := fault(o); why != "" {
			c.Findings = append(c.Findings, o.String()+": "+why)
		}
	}
	c.OK = len(c.Findings) == 0
	c.Detail = fmt.Sprintf("%d of %d", len(f.Objects)-len(c.Findings), len(f.Objects))
	return c
}
