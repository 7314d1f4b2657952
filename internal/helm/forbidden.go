package helm

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// keptByPolicy is why an object is left that is to outlive its release.
const keptByPolicy = ownership.WhyPolicy

// keptByMark begins why an object is left that bears a mark which forbids to delete it.
const keptByMark = "nobody is to delete it: "

// onPurpose returns whether an object was left for what is written on it.
func onPurpose(left string) bool { return left == keptByPolicy || strings.HasPrefix(left, keptByMark) }

// forbidden returns why an object of the release is not to be deleted: by a mark that its
// manifest does not have, or since others have something in it. What cannot be told counts
// as theirs.
func (c *client) forbidden(ref facts.Ref, want, live *unstructured.Unstructured) string {
	if why, keep := ownership.KeepMarkBeside(live.GetLabels(), live.GetAnnotations(), want.GetLabels(), want.GetAnnotations()); keep {
		return keptByMark + why
	}
	if c.inside == nil {
		return ""
	}
	why, err := c.inside(c.untilFenced, ref)
	if err != nil {
		return fmt.Sprintf("whether others have something in it cannot be told: %v", err)
	}
	return why
}
