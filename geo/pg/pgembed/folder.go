package pgembed

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// layout names what lies in a data folder.
type layout struct {
	folder string // absolute
	socket string // another socket folder, when run/ has too long a path
}

func (l layout) cluster() string  { return filepath.Join(l.folder, "pg") }
func (l layout) unborn() string   { return filepath.Join(l.folder, "pg.new") } // initdb's work until it is complete
func (l layout) lockFile() string { return filepath.Join(l.folder, "wangge.lock") }
func (l layout) run() string      { return filepath.Join(l.folder, "run") }

func (l layout) socketFolder() string {
	if l.socket != "" {
		return l.socket
	}
	return l.run()
}

// socketLock is what PostgreSQL keeps beside its socket, with the number of its process.
const socketLock = ".s.PGSQL.5432.lock"

// maxSocketFolder is the longest path of a socket folder, in bytes: the kernel
// takes 108 with the final zero, PostgreSQL adds "/.s.PGSQL.5432.lock" at most.
const maxSocketFolder = 107 - len("/"+socketLock)

// owner is the user that PostgreSQL runs as.
type owner struct {
	name     string
	uid, gid uint32
	drop     bool // we are root and have to become this user
}

// ownerOf finds the user for a folder: ourselves, or, for root, the user that
// the cluster belongs to already, else "postgres" or "wangge".
func ownerOf(l layout) (owner, error) {
	if uid := os.Geteuid(); uid != 0 {
		return owner{name: nameOf(uint32(uid)), uid: uint32(uid), gid: uint32(os.Getegid())}, l.mine(uint32(uid))
	}
	if info, err := os.Stat(l.cluster()); err == nil && statOf(info).Uid != 0 {
		s := statOf(info)
		o := owner{name: nameOf(s.Uid), uid: s.Uid, gid: s.Gid, drop: true}
		return o, o.passes(l.folder)
	}
	for _, name := range []string{"postgres", User} {
		if o, err := named(name); err == nil {
			return o, o.passes(l.folder)
		}
	}
	return owner{}, fmt.Errorf("%w: PostgreSQL refuses to run as root and there is no user postgres or %s; make one with: useradd --system %s",
		ErrNotWritable, User, User)
}

// named is the user of a name, to whom root steps down.
func named(name string) (owner, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return owner{}, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return owner{}, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return owner{name: name, uid: uint32(uid), gid: uint32(gid), drop: true}, err
}

// mine refuses a cluster that belongs to another user.
func (l layout) mine(uid uint32) error {
	info, err := os.Stat(l.cluster())
	if err != nil || statOf(info).Uid == uid {
		return nil // a new folder, or one that claim will complain about
	}
	other := nameOf(statOf(info).Uid)
	return fmt.Errorf("%w: %s belongs to user %s, and you are %s. Start wangge as %s or as root, or choose another folder with --data",
		ErrNotWritable, l.cluster(), other, nameOf(uid), other)
}

// passes checks that the owner may walk down to the folder.
func (o owner) passes(folder string) error {
	for at := folder; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err == nil && info.IsDir() && at != folder && !o.mayEnter(info) {
			return fmt.Errorf("%w: user %s, as whom PostgreSQL runs, may not enter %s (mode %o). Choose another folder, such as --data /var/lib/wangge, or allow it with: chmod o+x %s",
				ErrNotWritable, o.name, at, info.Mode().Perm(), at)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

func (o owner) mayEnter(folder os.FileInfo) bool {
	s, mode := statOf(folder), folder.Mode().Perm()
	switch {
	case s.Uid == o.uid:
		return mode&0o100 != 0
	case s.Gid == o.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

func statOf(info os.FileInfo) *syscall.Stat_t { return info.Sys().(*syscall.Stat_t) }

func nameOf(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "number " + id
}

// neighbours may lie in a data folder that has no cluster yet: what a disk of its
// own has, and what a wangge with another database keeps there.
var neighbours = []string{"lost+found", "backups", "spool", "keys.json", "keys.json.lock", "deletions.jsonl", "audit.key", "heads.jsonl", "sign-in.key", "tls"}

// claim makes the folder, or checks that an existing one is empty or ours.
func (l layout) claim(o owner) error {
	mode := os.FileMode(0o700)
	if o.drop {
		mode = 0o711 // root's folder, which PostgreSQL has to pass
	}
	if err := os.MkdirAll(l.folder, mode); err != nil {
		return l.writeError(err)
	}
	entries, err := os.ReadDir(l.folder)
	if err != nil {
		return l.writeError(err)
	}
	if other := l.foreign(entries); other != "" {
		return fmt.Errorf("%w: %s holds other files (%s). Give an empty or new folder with --data", ErrNotOurs, l.folder, other)
	}
	if info, err := os.Stat(l.folder); err == nil && o.drop && !o.mayEnter(info) {
		if err := os.Chmod(l.folder, info.Mode().Perm()|0o011); err != nil {
			return l.writeError(err)
		}
	}
	return nil
}

// foreign names something that lies in a folder which is not ours, "" if the
// folder is ours or as good as empty.
func (l layout) foreign(entries []os.DirEntry) (other string) {
	for _, e := range entries {
		if e.Name() == filepath.Base(l.lockFile()) {
			return ""
		}
		if !slices.Contains(neighbours, e.Name()) {
			other = e.Name()
		}
	}
	return other
}

// takeLock locks the folder for this process. The kernel releases the lock
// when the process ends, however it ends. The file says who holds it.
func (l layout) takeLock() (*os.File, error) {
	f, err := os.OpenFile(l.lockFile(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, l.writeError(err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		who, _ := os.ReadFile(l.lockFile()) // only words for the message
		f.Close()
		return nil, fmt.Errorf("%w: %s is used by another wangge (%s). Stop that one first, or choose another folder with --data",
			ErrInUse, l.folder, strings.TrimSpace(string(who)))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", l.lockFile(), err)
	}
	if err := writeHolder(f); err != nil {
		f.Close()
		return nil, l.writeError(err)
	}
	return f, nil
}

// unlock gives the lock back. Closing alone would leave it to a child that is
// just being forked, until that one runs its program.
func unlock(f *os.File) error {
	return errors.Join(unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close())
}

func writeHolder(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "process %d since %s\n", os.Getpid(), time.Now().Format(time.DateTime)), 0)
	return err
}

// writeError says why we cannot write to the folder.
func (l layout) writeError(err error) error {
	switch {
	case isFull(err):
		return l.fullError(err)
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: user %s may not write to %s (%v). Choose another folder with --data, or give this one to the user",
			ErrNotWritable, nameOf(uint32(os.Geteuid())), l.folder, err)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: %s is not a folder", ErrNotOurs, l.folder)
	}
	return fmt.Errorf("data folder %s: %w", l.folder, err)
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func (l layout) fullError(cause error) error {
	return fmt.Errorf("%w: %d MB are left where %s is. Make room, or move the folder to a larger disk while wangge is stopped (%v)",
		ErrFull, l.freeMegabytes(), l.folder, cause)
}

// freeMegabytes is what an ordinary user may still write to the folder's disk.
func (l layout) freeMegabytes() uint64 {
	var s unix.Statfs_t
	if err := unix.Statfs(l.folder, &s); err != nil {
		return 0
	}
	return s.Bavail * uint64(s.Bsize) >> 20
}

// makeSocketFolder makes the folder of the socket, which only the owner may
// enter. A data folder with a long path gets one elsewhere.
func (l *layout) makeSocketFolder(o owner) error {
	var err error
	if len(l.run()) > maxSocketFolder {
		l.socket, err = os.MkdirTemp("", "wangge-")
	} else {
		err = os.MkdirAll(l.run(), 0o700)
	}
	if err != nil {
		return l.writeError(err)
	}
	if len(l.socketFolder()) > maxSocketFolder {
		return fmt.Errorf("socket folder %s: the path is longer than %d bytes; set TMPDIR to a shorter one", l.socket, maxSocketFolder)
	}
	return l.give(l.socketFolder(), o)
}

func (l layout) removeSocketFolder() {
	if l.socket != "" {
		os.RemoveAll(l.socket)
	}
}

// give hands a folder to the owner and closes it to everybody else.
func (l layout) give(folder string, o owner) error {
	if err := os.Chmod(folder, 0o700); err != nil {
		return l.writeError(err)
	}
	if !o.drop {
		return nil
	}
	if err := os.Chown(folder, int(o.uid), int(o.gid)); err != nil {
		return l.writeError(err)
	}
	return nil
}
