package main

import "syscall"

// dieWithParent lets the kernel end run's command with run itself.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
