package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/text"
)

// FleetChange returns what has changed of an app since it was listed before, as a line; "" where
// that is nothing that the list shows. One that is new has no before, and one that is gone no now.
func FleetChange(before, now *fleet.App) string {
	switch {
	case before == nil && now == nil:
		return ""
	case now == nil:
		return "· " + bounded(fleetPlace(before)) + ": gone"
	case before == nil:
		return fleetMark(now) + " " + bounded(fleetPlace(now)) + ": " + fleetStanding(now) + text.After(", ", bounded(now.URL))
	}
	was, is := fleetStanding(before), fleetStanding(now)
	if was == is {
		return ""
	}
	return fleetMark(now) + " " + bounded(fleetPlace(now)) + ": " + is + " (was " + was + ")"
}

// fleetStanding is how an app stands, in a few words.
func fleetStanding(a *fleet.App) string {
	parts := []string{string(a.State())}
	if a.Revision > 0 {
		parts = append(parts, fmt.Sprintf("revision %d", a.Revision))
	}
	if v := bounded(a.Verdict); v != "" {
		parts = append(parts, v)
	}
	if a.Keep != "" {
		parts = append(parts, "kept")
	}
	return strings.Join(parts, ", ")
}
