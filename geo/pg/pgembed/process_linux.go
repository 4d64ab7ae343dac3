package pgembed

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes: a process group of its own, so that Ctrl-C reaches only us and we
// stop PostgreSQL last; an interrupt from the kernel when we die.
func (o owner) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	if o.drop {
		a.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid, Groups: []uint32{o.gid}}
	}
	return a
}

// worksIn reports whether a process lives and has folder as its working
// directory, as PostgreSQL's first process has.
func worksIn(pid int, folder string) bool {
	there, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false // gone, ended but not yet collected, or another user's
	}
	here, err := os.Stat(folder)
	return err == nil && os.SameFile(there, here)
}

// memoryMegabytes is the machine's memory.
func memoryMegabytes() uint64 {
	var s unix.Sysinfo_t
	if err := unix.Sysinfo(&s); err != nil {
		return 1024
	}
	return s.Totalram * uint64(s.Unit) >> 20
}
