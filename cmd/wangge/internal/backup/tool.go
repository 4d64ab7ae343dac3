package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// runTool runs pg_dump or pg_restore on a database. The password travels in the
// environment, for other users can read a command line.
func runTool(ctx context.Context, db Database, program string, args ...string) error {
	address, password := forLibpq(db.DSN)
	cmd := exec.CommandContext(ctx, db.Bin(program), append([]string{"--dbname=" + address}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PGAPPNAME=wangge "+strings.TrimPrefix(program, "pg_"))
	if password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is not installed; on Debian and Ubuntu: apt-get install -y postgresql-client", program)
	}
	if err != nil {
		return explain(fmt.Errorf("%s: %w", program, err), said.String())
	}
	return nil
}

// explain adds what a program said, and the remedy where we know one.
func explain(err error, said string) error {
	said = strings.TrimSpace(said)
	switch {
	case errors.Is(err, syscall.ENOSPC), strings.Contains(said, "No space left on device"):
		return fmt.Errorf("%w: the disk is full (%v)", ErrFull, err)
	case strings.Contains(said, "server version mismatch"):
		return fmt.Errorf("the database server is newer than this machine's PostgreSQL programs; install its version of postgresql-client (%s)", said)
	case strings.Contains(said, "unsupported version"):
		return fmt.Errorf("the backup was made by a newer PostgreSQL than this machine's; install that version or a later one (%s)", said)
	case strings.Contains(said, "not appear to be a valid archive"), strings.Contains(said, "could not read from input file"):
		return fmt.Errorf("%w: %s", ErrDamaged, said)
	case said != "":
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// notLibpq are parameters that only our driver knows.
const notLibpq = `pool_[a-z_]+|default_query_exec_mode|statement_cache_capacity|description_cache_capacity`

var (
	userInfo  = regexp.MustCompile(`^([a-z]+://[^:/@?]*):([^@/]*)@`)
	urlParam  = regexp.MustCompile(`(^|&)(` + notLibpq + `|password)=([^&]*)`)
	pairParam = regexp.MustCompile(`\b(` + notLibpq + `|password)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)\s*`)
	unescape  = regexp.MustCompile(`\\(.)`)
)

// forLibpq turns our driver's database address into one for PostgreSQL's own
// programs, with the password apart.
func forLibpq(dsn string) (address, password string) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		for _, m := range pairParam.FindAllStringSubmatch(dsn, -1) {
			if m[1] == "password" {
				password = unescape.ReplaceAllString(strings.Trim(m[2], "'"), "$1")
			}
		}
		return strings.TrimSpace(pairParam.ReplaceAllString(dsn, "")), password
	}
	if m := userInfo.FindStringSubmatch(dsn); m != nil {
		password = decoded(m[2])
		dsn = m[1] + "@" + dsn[len(m[0]):]
	}
	base, query, _ := strings.Cut(dsn, "?")
	for _, m := range urlParam.FindAllStringSubmatch(query, -1) {
		if m[2] == "password" {
			password = decoded(m[3])
		}
	}
	query = strings.TrimPrefix(urlParam.ReplaceAllString(query, ""), "&")
	if query == "" {
		return base, password
	}
	return base + "?" + query, password
}

func decoded(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
