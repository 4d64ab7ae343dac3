//go:build unix && !linux

package pgembed

import "syscall"

// attributes: a process group of its own, so that Ctrl-C reaches only us and we
// stop PostgreSQL last. Without Linux nothing stops it when we are killed; the
// next start does.
func (o owner) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if o.drop {
		a.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid, Groups: []uint32{o.gid}}
	}
	return a
}

// worksIn reports whether a process lives; where it works is not to be had.
func worksIn(pid int, _ string) bool { return syscall.Kill(pid, 0) == nil }

// memoryMegabytes is a careful guess at the machine's memory.
func memoryMegabytes() uint64 { return 2048 }
