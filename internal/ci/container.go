package ci

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/secrets"
)

// actionWorkspace is where GitHub's runner mounts the workspace into the container of
// an action. Steps outside of one, and jobs in a container, have it elsewhere.
const actionWorkspace = "/github/workspace"

// container is the container of an action, which sees no more of the runner's files
// than the folders that are mounted, and is gone after the step.
type container struct {
	getenv func(string) string
	mounts []string
}

// inContainer returns the container of the action that this run is the program of, or
// nil.
func inContainer(getenv func(string) string, mountinfo []byte) *container {
	if getenv("GITHUB_ACTIONS") != "true" || getenv("GITHUB_WORKSPACE") != actionWorkspace {
		return nil
	}
	c := &container{getenv: getenv, mounts: mountPoints(string(mountinfo))}
	if !c.shares(actionWorkspace) {
		return nil
	}
	return c
}

// shares reports whether a path is in a folder that is mounted.
func (c *container) shares(file string) bool {
	for _, mount := range c.mounts {
		if mount != "/" && (file == mount || strings.HasPrefix(file, mount+"/")) {
			return true
		}
	}
	return false
}

// mountPoints returns the mount points of a mountinfo file: see proc(5).
func mountPoints(mountinfo string) (points []string) {
	const field = 4
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > field {
			points = append(points, unescape(fields[field]))
		}
	}
	return points
}

// unescape reads the octal escapes of a mount point, such as \040 for a space.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// PathInput is a path that the user gave, and the input it was given for.
type PathInput struct {
	Input, Path string
	Written     bool // it is written, not read
}

// CheckPaths returns what is wrong with paths of the runner's own machine that were
// given to the container of an action: what is read is not there, and what is written
// is lost with the container.
func CheckPaths(getenv func(string) string, paths []PathInput) error {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil //nolint:nilerr // not Linux, so no container of an action
	}
	c := inContainer(getenv, mountinfo)
	if c == nil {
		return nil
	}
	var errs []error
	for _, p := range paths {
		if !filepath.IsAbs(p.Path) || c.shares(filepath.Clean(p.Path)) {
			continue
		}
		what := "is not there"
		if p.Written {
			what = "would be gone after this step"
		} else if _, err := os.Stat(p.Path); err == nil {
			continue // the image's own
		}
		name, instead := p.Path, c.relative(filepath.Clean(p.Path))
		if !p.Written && !secrets.LooksLikePath(name) && !strings.HasPrefix(name, cmp.Or(c.getenv("RUNNER_WORKSPACE"), name+"/")) {
			name, instead = "what was given", "a path" // which may be the content of a file
		}
		errs = append(errs, fmt.Errorf("%s: %s %s: the action runs in a container that shares the workspace with the job, and no other folder; "+
			"give %s, which is relative to the workspace", p.Input, name, what, instead))
	}
	return errors.Join(errs...)
}

// relative returns a path of the runner's machine as one that is relative to the
// workspace, by which both find it.
func (c *container) relative(file string) string {
	workspace := path.Join(c.getenv("RUNNER_WORKSPACE"), path.Base(c.getenv("GITHUB_REPOSITORY")))
	if inside, ok := strings.CutPrefix(file, workspace+"/"); ok && c.getenv("RUNNER_WORKSPACE") != "" {
		return inside
	}
	return "a path such as " + cmp.Or(strings.TrimPrefix(path.Base(file), "/"), "berth-report")
}
