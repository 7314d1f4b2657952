package report

import (
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// sweep adds a case for each app of a sweep: one that went is well, one that was kept is
// skipped, and one that failed says what to do about it.
func (s *suiteXML) sweep(class string, swept *result.Sweep) {
	if swept == nil {
		return
	}
	for _, a := range swept.Apps {
		name, why := text.OneLine(a.Namespace+"/"+a.Release), strings.ReplaceAll(sweptWhy(a), "`", "")
		c := caseXML{Class: class, Name: name}
		switch a.Fate {
		case result.FateFailed:
			c.Failure = newFailure(why, a.Why+"\n\n"+a.Next)
			s.Failures++
		case result.FateKept, result.FateLeft:
			c.Skipped = &skippedXML{Message: unattached(bounded(strings.ToLower(fateTitles[a.Fate]) + ": " + why))}
			s.Skipped++
		case result.FateWent, result.FateWouldGo:
			c.Output = unattached(bounded(strings.ToLower(fateTitles[a.Fate]) + ": " + why))
		}
		s.Cases = append(s.Cases, c)
		s.Tests++
	}
}
