//go:build !linux

package main

import "syscall"

// dieWithParent asks for nothing here: without the kernel's help run's command
// outlives a killed run, and only finds its cluster gone.
func dieWithParent() *syscall.SysProcAttr { return nil }
