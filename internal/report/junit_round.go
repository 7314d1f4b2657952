package report

import (
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// round adds a case for each app of a round: one that is not as it should be has failed, and one
// that was not looked at is skipped.
func (s *suiteXML) round(class string, round *result.Round) {
	if round == nil {
		return
	}
	for _, v := range round.Visits {
		name, why := text.OneLine(v.Namespace+"/"+v.Release), strings.ReplaceAll(visitWhy(v), "`", "")
		c := caseXML{Class: class, Name: name}
		switch v.Found {
		case result.FoundRepairFailed, result.FoundInconsistent:
			c.Failure = newFailure(why, strings.Join([]string{v.Why, strings.Join(v.Drift, "\n"), v.Next}, "\n\n"))
			s.Failures++
		case result.FoundUnchecked, result.FoundNotReached, result.FoundBusy:
			c.Skipped = &skippedXML{Message: unattached(bounded(strings.ToLower(foundTitles[v.Found]) + text.After(": ", why)))}
			s.Skipped++
		case result.FoundRepaired:
			c.Output = unattached(bounded("repaired: " + why))
		case result.FoundConsistent:
		}
		s.Cases = append(s.Cases, c)
		s.Tests++
	}
}
