package result

import (
	"errors"

	"github.com/berth-dev/berth/internal/facts"
)

// Diagnostics are what was found out, within bounds, about why a rollout failed.
// All of its text was written by others.
type Diagnostics struct {
	Reason   string // one line
	Symptoms []Symptom
	Objects  []facts.Object // those that were not ready, and why
}

// Explain gives the objects that are still not ready the reasons that were found
// out: an object itself only says that its pods are not there yet.
func (d *Diagnostics) Explain(objects []facts.Object) {
	if d == nil {
		return
	}
	for i := range objects {
		o := &objects[i]
		if o.Ready || o.Complete {
			continue
		}
		for _, found := range d.Objects {
			if found.String() == o.String() && found.Reason != "" {
				o.Failed, o.Reason = o.Failed || found.Failed, found.Reason
			}
		}
	}
}

// Symptom is one object that shows what is wrong: a pod, or a workload that has
// none.
type Symptom struct {
	facts.Ref
	Reason string
	Events []string // the last ones, oldest first
	Logs   []LogTail
}

// LogTail is the end of what a container printed.
type LogTail struct {
	Container string
	Previous  bool // of the container before its last restart
	Lines     []string
	Error     string // why it could not be read
}

// DiagnosticsOf finds what an error's origin has found out, or nil.
func DiagnosticsOf(err error) *Diagnostics {
	var found interface{ Diagnostics() *Diagnostics }
	if errors.As(err, &found) {
		return found.Diagnostics()
	}
	return nil
}
