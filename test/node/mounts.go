//go:build linux && node

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dataFolder is the folder of everything that is gone with the namespaces. What is
// beside it, the logs, stays where a run fails.
func dataFolder(dir string) string { return filepath.Join(dir, "data") }

// covered are folders of the machine that the kubelet, containerd and the network's
// plugins write to under fixed names. Inside they are what they were, and what is
// written there is not.
var covered = []string{"/var/lib", "/var/log"}

// tunables are the settings of the machine's kernel that a kubelet would change, as
// it wants them. It finds them so, and leaves them alone.
var tunables = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// enterMounts gives the namespaces their own file systems: in memory, so that
// nothing is left of them.
func enterMounts(dir string) error {
	if err := mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		return err
	}
	data := dataFolder(dir)
	if err := os.Mkdir(data, 0o700); err != nil {
		return fmt.Errorf("making the node's folder: %w", err)
	}
	if err := mount("tmpfs", data, "tmpfs", 0, "mode=0755"); err != nil {
		return err
	}
	for _, folder := range covered {
		layers := filepath.Join(data, strings.ReplaceAll(folder, "/", "_"))
		upper, work := filepath.Join(layers, "upper"), filepath.Join(layers, "work")
		for _, layer := range []string{upper, work} {
			if err := os.MkdirAll(layer, 0o755); err != nil {
				return fmt.Errorf("making the node's folder: %w", err)
			}
		}
		if err := mount("overlay", folder, "overlay", 0, "lowerdir="+folder+",upperdir="+upper+",workdir="+work); err != nil {
			return err
		}
	}
	if err := mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"); err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	return coverTunables(data)
}

func coverTunables(data string) error {
	for name, value := range tunables {
		file := filepath.Join(data, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return fmt.Errorf("writing a setting of the kernel: %w", err)
		}
		if err := mount(file, "/proc/sys/"+name, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

func mount(source, target, kind string, flags uintptr, options string) error {
	if err := syscall.Mount(source, target, kind, flags, options); err != nil {
		return fmt.Errorf("mounting %s %s on %s (%s): %w", kind, source, target, options, err)
	}
	return nil
}
