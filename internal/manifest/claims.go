package manifest

import (
	"slices"
	"strconv"
	"strings"
)

// NamesClaim returns whether the controller of a StatefulSet, which has templates of these names,
// gives this name to a claim: template-set-ordinal.
func NamesClaim(templates []string, set, claim string) bool {
	return slices.ContainsFunc(templates, func(template string) bool {
		ordinal, ok := strings.CutPrefix(claim, template+"-"+set+"-")
		n, err := strconv.Atoi(ordinal)
		return ok && err == nil && n >= 0 && strconv.Itoa(n) == ordinal
	})
}
