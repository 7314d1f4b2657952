package ci

import (
	"strings"
	"testing"
)

// mounted is what a container of an action sees of its mounts, cut to what matters.
const mounted = `1 0 0:50 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/var/lib/docker
2 1 8:1 /home/runner/work/_temp/_github_home /github/home rw - ext4 /dev/root rw
3 1 8:1 /home/runner/work/shop/shop /github/workspace rw - ext4 /dev/root rw
4 1 8:1 /home/runner/work/with\040space /github/with\040space rw - ext4 /dev/root rw
5 1 0:60 / /proc rw - proc proc rw
broken
`

func TestContainerShares(t *testing.T) {
	action := env{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/github/workspace"}
	c := inContainer(action.get, []byte(mounted))
	if c == nil {
		t.Fatal("the container of an action is not known")
	}
	for path, want := range map[string]bool{
		"/github/workspace": true, "/github/workspace/reports": true, "/github/home/x": true, "/github/with space/x": true,
		"/github/workspaces": false, "/home/runner/work/shop/shop/reports": false, "/tmp/reports": false, "/": false,
	} {
		if got := c.shares(path); got != want {
			t.Errorf("%s: shared %t, want %t", path, got, want)
		}
	}
	for name, other := range map[string]struct {
		env    env
		mounts string
	}{
		"not on GitHub":      {env{"GITHUB_WORKSPACE": "/github/workspace"}, mounted},
		"on the runner":      {env{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/home/runner/work/shop/shop"}, mounted},
		"a job's container":  {env{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/__w/shop/shop"}, mounted},
		"nothing is mounted": {action, "1 0 0:50 / / rw - overlay overlay rw\n"},
	} {
		if inContainer(other.env.get, []byte(other.mounts)) != nil {
			t.Errorf("%s counts as the container of an action", name)
		}
	}
}

func TestRelativePath(t *testing.T) {
	c := &container{getenv: env{"RUNNER_WORKSPACE": "/home/runner/work/shop", "GITHUB_REPOSITORY": "acme/shop"}.get}
	for path, want := range map[string]string{
		"/home/runner/work/shop/shop/out/berth": "out/berth",
		"/home/runner/work/_temp/reports":       "a path such as reports",
		"/":                                     "a path such as berth-report",
	} {
		if got := c.relative(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	c.getenv = env{}.get
	if got := c.relative("/shop/x"); strings.HasPrefix(got, "x") {
		t.Errorf("got %q where the runner's workspace is not known", got)
	}
}

// Nothing is said where this is no container of an action, whatever the paths.
func TestCheckPathsElsewhere(t *testing.T) {
	if err := CheckPaths(env{}.get, []PathInput{{Input: "chart", Path: "/nowhere"}}); err != nil {
		t.Error(err)
	}
}
