package cli

import (
	"io"
	"os"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/secrets"
)

// Process is what the operating system gives a program.
type Process struct {
	Args    []string  // without the program's name
	Environ []string  // in the form of os.Environ
	Stdin   io.Reader // nil is empty
	Stdout  io.Writer
	Stderr  io.Writer
	Signals <-chan os.Signal // nil: none are handled
	Version string
	// OwnLogs lets the run redirect the process-wide logs of the libraries, which
	// would print chart values. Only the real program may.
	OwnLogs bool

	mask *secrets.Mask // of this run; Main makes it
}

// getenv returns the value of an environment variable, or "" when it is not set.
// The last one counts, as in os.Getenv.
func (p Process) getenv(name string) string {
	for _, e := range slices.Backward(p.Environ) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
