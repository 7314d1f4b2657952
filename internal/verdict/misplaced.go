package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// Misplaced returns the records that are found among the release's and are not its
// own, as far as that was read. A restore with another namespace, or a reflector, leaves
// such records. They describe the objects of another release, which is none of this
// run's business, whatever it was told to adopt.
func Misplaced(f *facts.Facts) []*facts.Record {
	var misplaced []*facts.Record
	for i := range f.Records {
		if f.Records[i].Misplaced != "" {
			misplaced = append(misplaced, &f.Records[i])
		}
	}
	return misplaced
}

// RecordsToRead returns the records before the last whose payload is read before
// anything is decided: those that Helm, or a step of a plan, may go by. Where the last
// revision is deployed, these are what its labels show to be wrong, so mostly none. With
// every, they are all.
func RecordsToRead(f *facts.Facts, every bool) []*facts.Record {
	last := f.Last()
	failed, good := FailedSinceDeployed(f), rollbackCandidate(f, last.Revision)
	settled := last.DecodeError == "" && last.PayloadStatus == facts.StatusDeployed
	var read []*facts.Record
	for i := range f.Records[:len(f.Records)-1] {
		r := &f.Records[i]
		used := r.Hidden || r.LabelStatus == facts.StatusDeployed || !settled && (r.Revision == good || slices.Contains(failed, r))
		if every || used {
			read = append(read, r)
		}
	}
	return read
}

// RefuseMisplaced returns why nothing is done with a release among whose records one
// is not its own, or nil.
func RefuseMisplaced(f *facts.Facts) *problem.Problem {
	misplaced := Misplaced(f)
	if len(misplaced) == 0 {
		return nil
	}
	p := &problem.Problem{Reason: problem.Foreign, Headline: text.Sentence(causeMisplaced(f)),
		Next: "Delete what a restore or a reflector copied here, and have that leave this namespace out, then run again."}
	var names []string
	for _, r := range misplaced {
		if !isPlain(r.Key) {
			return p
		}
		names = append(names, r.Key)
	}
	p.Next = "Delete what a restore or a reflector copied here, and have that leave this namespace out, then run again:\n$ kubectl delete " +
		misplaced[0].Resource + " " + strings.Join(names, " ") + " --namespace " + f.Namespace.Name
	return p
}

// causeMisplaced names the records that are not the release's own, and what they hold.
func causeMisplaced(f *facts.Facts) string {
	var each []string
	for _, r := range Misplaced(f) {
		each = append(each, fmt.Sprintf("record %s in namespace %s does not belong to this release: %s", r.Key, f.Namespace.Name, r.Misplaced))
	}
	return strings.Join(each, "; ")
}

// isPlain returns whether a name may stand in a command as it is.
func isPlain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-'
	})
}
