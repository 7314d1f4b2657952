package helm

import (
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"

	"github.com/berth-dev/berth/internal/problem"
)

// refuseForeign returns a *problem.Problem with the headline refused where an object
// that is wanted belongs to somebody else than c's release. What only the last revision has is
// not looked at: it would be deleted, or be left to its owner.
func refuseForeign(c *client, refused string, want kube.ResourceList) error {
	foreign := make([]error, len(want))
	var reads errgroup.Group
	reads.SetLimit(parallelRequests)
	for i, info := range want {
		reads.Go(func() error {
			live, err := c.readLive(info)
			if err != nil {
				return fmt.Errorf("read %s to see whose it is: %w", refOf(info), err)
			}
			if live == nil {
				return nil
			}
			why := c.notToWrite(info)(live)
			if why == "" {
				why = c.ownedByGitOps(info, c.have)(live)
			}
			if why != "" {
				foreign[i] = fmt.Errorf("%s is not this release's: %s", refOf(info), why)
			}
			return nil
		})
	}
	if err := reads.Wait(); err != nil {
		return c.noteRefusal(err, "read the objects that a rollback changes")
	}
	if cause := errors.Join(foreign...); cause != nil {
		return &problem.Problem{Reason: problem.Foreign, Headline: refused + ": objects of it belong to something else.", Cause: cause,
			Next: "Give these objects back or remove them, then run again; adopt takes what a GitOps controller owns. Nothing was touched."}
	}
	return nil
}
