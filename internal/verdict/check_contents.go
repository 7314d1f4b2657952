package verdict

import (
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// checkNameContents is the name of the check that holds the objects against the record.
const checkNameContents = "contents"

// differencesShown bounds how many fields of one object are named.
const differencesShown = 5

// checkContents holds every object against the manifest, field by field. What does
// not exist or could not be read is another check's.
func checkContents(f *facts.Facts, p Policy) result.Check {
	c := result.Check{Name: checkNameContents, Title: "Every object lives as the record describes it"}
	if !f.Observed {
		c.Detail = "the objects were not read"
		return c
	}
	fields, objects := 0, 0
	for _, o := range Judged(f, p) {
		if len(o.Differences) == 0 {
			continue
		}
		objects++
		fields += len(o.Differences)
		for i, d := range o.Differences {
			if i == differencesShown {
				c.Findings = append(c.Findings, fmt.Sprintf("%s: and %s", o.In(f.Namespace.Name), text.Plural(len(o.Differences)-i, "more field")))
				break
			}
			c.Findings = append(c.Findings, o.In(f.Namespace.Name)+": "+Describe(d, f.Now))
		}
	}
	if c.OK = fields == 0; c.OK {
		held := len(f.Objects)
		for _, o := range f.Objects {
			if !o.Exists && !o.Expired {
				held--
			}
		}
		c.Detail = fmt.Sprintf("%d of %d", held, len(f.Objects))
		return c
	}
	c.Detail = fmt.Sprintf("%s of %s not as the record says", text.Plural(fields, "field"), text.Plural(objects, "object"))
	return c
}

// Describe tells a difference in a sentence: what is there, what the record says,
// and who wrote it.
func Describe(d facts.Difference, now time.Time) string {
	s := d.Path
	switch {
	case d.Live == "":
		s += fmt.Sprintf(" is not there, the record says `%s`", d.Recorded)
	case d.Recorded == "":
		s += fmt.Sprintf(" is `%s`, the record has none", d.Live)
	case d.Live == facts.NotShown:
		s += " is not what the record says, and neither value is shown"
	default:
		s += fmt.Sprintf(" is `%s`, the record says `%s`", d.Live, d.Recorded)
	}
	if d.Author == "" {
		return s
	}
	s += "; last write by " + d.Author
	if d.Written.IsZero() {
		return s
	}
	form := "15:04"
	if at := d.Written.UTC(); at.Format(time.DateOnly) != now.UTC().Format(time.DateOnly) {
		form = "2006-01-02 15:04"
	}
	return s + ", " + d.Written.UTC().Format(form)
}

// onlyFails returns whether the check of this name fails, and no other.
func onlyFails(checks []result.Check, name string) bool {
	fails := false
	for _, c := range checks {
		if !c.OK && c.Name != name {
			return false
		}
		fails = fails || !c.OK
	}
	return fails
}

const nextDiffering = `Deploy again, which writes every field as the record says.
Change the chart or its values where the change was meant to stay.
Name in ignore-drift, as Kind/name:path, what something else is to write: Deployment/web:spec.replicas.`
