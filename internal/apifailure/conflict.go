package apifailure

import (
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
)

// conflicts paces a write that others get in the way of, for somewhat more than a second.
var conflicts = wait.Backoff{Steps: 8, Duration: 10 * time.Millisecond, Factor: 2, Jitter: 0.1}

// RetryConflicts calls write, and again while it returns a 409: the object changed
// between its read and its write. write reads the object anew each time, and decides
// anew whether it may be written to.
func RetryConflicts(write func() error) error { return retry.RetryOnConflict(conflicts, write) }
