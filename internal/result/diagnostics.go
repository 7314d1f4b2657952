package result

import (
	"errors"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
)

// Diagnostics say why a rollout failed, within bounds. All of its text is untrusted.
type Diagnostics struct {
	Reason   string // one line
	Faults   []Fault
	Symptoms []Symptom
	Objects  []facts.Object // those that were not ready, and why
}

// Fault is what is the matter with one object of the release, or with a hook, by name.
type Fault struct {
	facts.Ref
	Cause facts.Cause
	Hook  bool
	// Late is whether it was the end of the time that ended the wait.
	Late bool
}

// FaultsOf returns the faults of diagnostics; none of nil.
func FaultsOf(d *Diagnostics) []Fault {
	if d == nil {
		return nil
	}
	return d.Faults
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
				o.Failed, o.Reason, o.Cause = o.Failed || found.Failed, found.Reason, found.Cause
			}
		}
	}
}

// Withhold takes out what the pods have said, since their secrets are not known, and says why.
// What is left are the kinds of the causes, by name.
func (d *Diagnostics) Withhold(why string) {
	if d == nil {
		return
	}
	d.Reason = withheld(why)
	for i := range d.Faults {
		d.Faults[i].Cause.Withhold()
	}
	WithholdReasons(d.Objects, why)
	for i := range d.Symptoms {
		s := &d.Symptoms[i]
		s.Reason, s.Events = withheld(why), nil
		s.Cause.Withhold()
		for k, l := range s.Logs {
			s.Logs[k] = LogTail{Container: l.Container, Previous: l.Previous, Error: withheld(why)}
		}
	}
}

// WithholdReasons does the same to what objects are not ready for, which may be the words of their pods.
func WithholdReasons(objects []facts.Object, why string) {
	for i := range objects {
		if o := &objects[i]; o.Reason != "" {
			o.Reason = withheld(why)
			o.Cause.Withhold()
		}
	}
}

func withheld(why string) string { return "not shown, since " + why }

// And returns what two waits have found, each of which may be nil.
func (d *Diagnostics) And(more *Diagnostics) *Diagnostics {
	switch {
	case d == nil:
		return more
	case more == nil:
		return d
	}
	return &Diagnostics{Reason: d.Reason, Faults: slices.Concat(d.Faults, more.Faults), Symptoms: slices.Concat(d.Symptoms, more.Symptoms),
		Objects: slices.Concat(d.Objects, more.Objects)}
}

// Symptom is one object that shows what is wrong: a pod, or a workload that has
// none.
type Symptom struct {
	facts.Ref
	Reason string
	Cause  facts.Cause // of a pod
	Events []string    // the last ones, oldest first
	Logs   []LogTail
}

// LogTail is the end of what a container printed.
type LogTail struct {
	Container string
	Previous  bool // of the container before its last restart
	Lines     []string
	Telling   string // the line that tells why the container ended, as far as that can be told
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
