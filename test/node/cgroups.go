//go:build linux && node

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cgroupFolder is where cgroups are mounted, or folders with them.
const cgroupFolder = "/sys/fs/cgroup"

// hierarchy is one mounted tree of cgroups: the one of version 2, or one of those
// of version 1.
type hierarchy struct {
	path    string // where it is mounted
	version string // the type of its file system: cgroup or cgroup2
	options string // what names it among those of version 1
}

// hierarchies are those that this process sees.
func hierarchies() (found []hierarchy, err error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("listing the cgroups: %w", err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		mount, system := strings.Fields(before), strings.Fields(after)
		if len(mount) < 5 || len(system) < 3 {
			continue
		}
		switch system[0] {
		case "cgroup2":
			found = append(found, hierarchy{path: mount[4], version: system[0]})
		case "cgroup":
			found = append(found, hierarchy{path: mount[4], version: system[0], options: naming(system[2])})
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no cgroups are mounted")
	}
	return found, nil
}

// naming are the options that say which hierarchy of version 1 is meant.
func naming(options string) string {
	kept := slices.DeleteFunc(strings.Split(options, ","), func(option string) bool {
		return slices.Contains([]string{"rw", "ro", "xattr", "noprefix", "clone_children"}, option) ||
			strings.HasPrefix(option, "release_agent=")
	})
	if len(kept) == 1 && strings.HasPrefix(kept[0], "name=") {
		kept = append([]string{"none"}, kept...)
	}
	return strings.Join(kept, ",")
}

// makeCgroups makes the run's own cgroup in every hierarchy.
func makeCgroups(name string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		own := filepath.Join(h.path, name)
		if err := os.MkdirAll(own, 0o755); err != nil {
			return fmt.Errorf("making a cgroup: %w", err)
		}
		// A cpuset of version 1 begins empty, and takes no process that way.
		for _, setting := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(h.path, setting))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(own, setting), value, 0o644)
			}
			if err != nil {
				return fmt.Errorf("giving a cgroup its processors and memory: %w", err)
			}
		}
	}
	return nil
}

// enterCgroups moves this process into the run's cgroups and makes these the roots
// of what it and its children see: whatever they make lies below. Of its threads
// only the calling one sees so, and starts children that do.
func enterCgroups(name string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := joinCgroup(filepath.Join(h.path, name)); err != nil {
			return err
		}
	}
	if err := syscall.Unshare(syscall.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("making a namespace of cgroups: %w", err)
	}
	// The kernel refuses a second mount of a file system on itself.
	if err := mount("tmpfs", cgroupFolder, "tmpfs", 0, "mode=0755"); err != nil {
		return err
	}
	for _, h := range all {
		if err := os.MkdirAll(h.path, 0o755); err != nil {
			return fmt.Errorf("making a place for cgroups: %w", err)
		}
		if err := mount(h.version, h.path, h.version, 0, h.options); err != nil {
			return err
		}
		if h.version == "cgroup" {
			continue
		}
		// In version 2 a cgroup with processes has none below it that are limited.
		leaf := filepath.Join(h.path, "stages")
		if err := os.Mkdir(leaf, 0o755); err != nil {
			return fmt.Errorf("making a cgroup: %w", err)
		}
		if err := joinCgroup(leaf); err != nil {
			return err
		}
	}
	return nil
}

func joinCgroup(path string) error {
	if err := os.WriteFile(filepath.Join(path, "cgroup.procs"), []byte("0"), 0o644); err != nil {
		return fmt.Errorf("entering a cgroup: %w", err)
	}
	return nil
}

// removeCgroups removes the run's cgroups, whose processes are gone, or are just
// going.
func removeCgroups(name string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(10 * time.Second)
	for _, h := range all {
		for {
			err := removeTree(filepath.Join(h.path, name))
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("removing the node's cgroups: %w", err)
			}
			<-time.After(20 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes a cgroup and those below it. The files in it are not removed:
// they are the kernel's.
func removeTree(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if entry.IsDir() {
			err = errors.Join(err, removeTree(filepath.Join(path, entry.Name())))
		}
	}
	if err != nil {
		return err
	}
	return syscall.Rmdir(path)
}
