package apifailure

import (
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestRetryConflicts(t *testing.T) {
	maps := schema.GroupResource{Resource: "configmaps"}
	conflict := fmt.Errorf("patch it: %w", apierrors.NewConflict(maps, "web", errors.New("changed")))
	for name, c := range map[string]struct {
		conflicts int // before write succeeds
		then      error
		calls     int
		want      error
	}{
		"at once":           {0, nil, 1, nil},
		"after two":         {2, nil, 3, nil},
		"another error":     {1, errors.ErrUnsupported, 2, errors.ErrUnsupported},
		"it exists already": {0, apierrors.NewAlreadyExists(maps, "web"), 1, apierrors.NewAlreadyExists(maps, "web")},
		"for ever":          {99, nil, 8, conflict},
	} {
		calls := 0
		err := RetryConflicts(func() error {
			if calls++; calls <= c.conflicts {
				return conflict
			}
			return c.then
		})
		if calls != c.calls || fmt.Sprint(err) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v after %d calls, want %v after %d", name, err, calls, c.want, c.calls)
		}
	}
}
