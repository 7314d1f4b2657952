package result

import (
	"errors"

	"github.com/berth-dev/berth/internal/facts"
)

// Diagnostics say why a rollout failed, within bounds. All of its text is untrusted.
type Diagnostics struct {
	Reason   string // one line
	Symptoms []Symptom
	Objects  []facts.Object // those that were not ready, and why
}

// Explain writes the reasons that were found into those of the objects that are not
// ready. By itself an object only says that its pods are not ready.
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

// DiagnosticsOf returns the diagnostics that an error in err's chain carries, or nil.
func DiagnosticsOf(err error) *Diagnostics {
	var found interface{ Diagnostics() *Diagnostics }
	if errors.As(err, &found) {
		return found.Diagnostics()
	}
	return nil
}
