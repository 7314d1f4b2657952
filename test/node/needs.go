//go:build linux && node

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools are the programs that a node takes beside what is compiled here, and the
// Debian packages that have them.
var tools = [][2]string{{"containerd", "containerd"}, {"runc", "runc"}, {"ip", "iproute2"}, {"busybox", "busybox-static"}}

// pluginFolders are where the container network's plugins may lie.
var pluginFolders = []string{"/usr/lib/cni", "/opt/cni/bin"}

// lackError says what the machine lacks to run a node.
type lackError struct{ what []string }

func (e *lackError) Error() string { return strings.Join(e.what, ", ") }

// lacking returns a *lackError unless the machine can run a node.
func lacking() error {
	var what []string
	if os.Geteuid() != 0 {
		what = append(what, "root")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool[0]); err != nil {
			what = append(what, fmt.Sprintf("%s (apt-get install %s)", tool[0], tool[1]))
		}
	}
	if plugins() == "" {
		what = append(what, "the network plugin bridge (apt-get install containernetworking-plugins)")
	}
	if len(what) == 0 {
		return nil
	}
	return &lackError{what}
}

// plugins is the folder of the container network's plugins, or "".
func plugins() string {
	for _, folder := range pluginFolders {
		if _, err := os.Stat(filepath.Join(folder, "bridge")); err == nil {
			return folder
		}
	}
	return ""
}

// beside is the path of another program that the Makefile built into the folder
// of this one.
func beside(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program in order to find %s: %w", name, err)
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w; build it: make %s", err, path)
	}
	return path, nil
}
