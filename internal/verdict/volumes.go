package verdict

import (
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
)

// VolumesThatGo returns, a line for each, what becomes of the data of the claims that a
// teardown of the release own, as namespace/name, deletes: its own and, where the namespace
// goes, all in it. A claim that is bound to nothing has no data.
func VolumesThatGo(volumes []facts.Volume, own string, namespaceGoes bool) []string {
	var lines []string
	for _, v := range volumes {
		if goes := namespaceGoes || v.Owner == own && !v.Kept; goes && v.Name != "" {
			lines = append(lines, fmt.Sprintf("claim %s (%s): %s", v.Claim, v.Size, fateOf(v)))
		}
	}
	return lines
}

// fateOf returns what becomes of a volume's data.
func fateOf(v facts.Volume) string {
	switch v.Policy {
	case "Delete":
		return fmt.Sprintf("the reclaim policy of volume %s is Delete, so its data is deleted", v.Name)
	case "Retain":
		return fmt.Sprintf("the reclaim policy of volume %s is Retain, so its data stays there", v.Name)
	case "":
		return fmt.Sprintf("the reclaim policy of volume %s is not known, and so is not what becomes of its data", v.Name)
	}
	return fmt.Sprintf("the reclaim policy of volume %s is %s", v.Name, v.Policy)
}
