package pgembed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// holdFolder makes the test program a process that runs the cluster of a
// folder until it is killed.
const holdFolder = "PGEMBED_TEST_HOLD"

func TestMain(m *testing.M) {
	if folder := os.Getenv(holdFolder); folder != "" {
		hold(folder)
	}
	os.Exit(m.Run())
}

func hold(folder string) {
	c, err := Start(context.Background(), Options{Folder: folder, Unsafe: true})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("ready")
	<-c.Done()
	os.Exit(0)
}

// shelf is a folder in memory that every user may pass.
func shelf(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "wangge-pgembed-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

func start(t *testing.T, folder string) *Cluster {
	t.Helper()
	return startWith(t, Options{Folder: folder, Unsafe: true})
}

// startDurable starts a cluster that keeps what it has committed.
func startDurable(t *testing.T, folder string) *Cluster {
	t.Helper()
	return startWith(t, Options{Folder: folder})
}

func startWith(t *testing.T, opt Options) *Cluster {
	t.Helper()
	opt.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	c, err := Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop() })
	return c
}

// query runs one statement and returns its first column as text.
func query(t *testing.T, c *Cluster, sql string) string {
	t.Helper()
	got, err := tryQuery(t.Context(), c, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

func tryQuery(ctx context.Context, c *Cluster, sql string) (string, error) {
	conn, err := pgx.Connect(ctx, c.DSN())
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	rows, _ := conn.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0], nil
}

// eventually waits for something that another process does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 30 s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func wantError(t *testing.T, err, want error, words ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error = %v, want %v", err, want)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestLaterStartFindsWhatTheFirstOneStored(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	began := time.Now()
	c := start(t, folder)
	t.Logf("first start in %v", time.Since(began).Round(time.Millisecond))
	query(t, c, `CREATE EXTENSION postgis; CREATE TABLE kept AS SELECT 'here' AS word`)
	if err := c.Stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	began = time.Now()
	c = start(t, folder)
	t.Logf("later start in %v", time.Since(began).Round(time.Millisecond))
	if got := query(t, c, `SELECT word FROM kept`); got != "here" {
		t.Errorf("after a second start the table says %q, want %q", got, "here")
	}
	if got := query(t, c, `SHOW listen_addresses`); got != "" {
		t.Errorf("listen_addresses = %q, want none", got)
	}
	info, err := os.Stat(c.socketFolder())
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("socket folder: %v, %v; want mode 0700", info.Mode(), err)
	}
}

func TestNeverRunsAsRoot(t *testing.T) {
	t.Parallel()
	c := start(t, filepath.Join(shelf(t), "data"))
	pid, _ := postmaster(c.layout)
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		t.Fatal(err)
	}
	if statOf(info).Uid == 0 {
		t.Error("PostgreSQL runs as root")
	}
}

func TestStopIsACleanShutdown(t *testing.T) {
	t.Parallel()
	c := start(t, filepath.Join(shelf(t), "data"))
	c.Stop()
	if err := c.Stop(); err != nil {
		t.Errorf("second stop: %v", err)
	}
	state := output(c.Bin("pg_controldata"), c.cluster())
	if !strings.Contains(state, "shut down\n") {
		t.Errorf("after Stop the cluster is not shut down:\n%.600s", state)
	}
}

func TestSecondStartOnAFolderInUseIsRefused(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	c := start(t, folder)
	_, err := Start(t.Context(), Options{Folder: folder, Unsafe: true})
	wantError(t, err, ErrInUse, folder, fmt.Sprintf("process %d", os.Getpid()), "--data")

	out, err := holder(t, folder).Output()
	if err == nil || !strings.Contains(string(out), "used by another wangge") {
		t.Errorf("second process: %v, %s", err, out)
	}
	if got := query(t, c, `SELECT 'alive'`); got != "alive" {
		t.Errorf("the first cluster says %q", got)
	}
}

func TestAttachFindsARunningCluster(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	if _, err := Attach(folder); !errors.Is(err, ErrNotRunning) {
		t.Errorf("attach to nothing: %v, want %v", err, ErrNotRunning)
	}
	c := start(t, folder)
	r, err := Attach(folder)
	if err != nil || r.DSN() != c.DSN() || r.Bin("psql") != c.Bin("psql") {
		t.Errorf("Attach = %+v, %v; want DSN %s", r, err, c.DSN())
	}
	c.Stop()
	if _, err := Attach(folder); !errors.Is(err, ErrNotRunning) {
		t.Errorf("attach after stop: %v, want %v", err, ErrNotRunning)
	}
}

func holder(t *testing.T, folder string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdFolder+"="+folder)
	return cmd
}

// startHolder starts another process that runs the folder's cluster.
func startHolder(t *testing.T, folder string) *exec.Cmd {
	t.Helper()
	cmd := holder(t, folder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if line != "ready\n" {
		t.Fatalf("other process: %s", line)
	}
	return cmd
}

func TestRecoversWhenItsOwnProcessIsKilled(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	for range 3 {
		other := startHolder(t, folder)
		pid, _ := postmaster(layout{folder: folder})
		other.Process.Kill()
		other.Wait()
		// At once, while the orphan is still ending.
		c := start(t, folder)
		if now, _ := postmaster(c.layout); now == pid {
			t.Errorf("the orphaned PostgreSQL %d still runs", pid)
		}
		query(t, c, `CREATE TABLE IF NOT EXISTS kept (n int)`)
		c.Stop()
	}
}

func TestPostgreSQLEndsWhenItsParentIsKilled(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	other := startHolder(t, folder)
	l := layout{folder: folder}
	pid, _ := postmaster(l)
	other.Process.Kill()
	other.Wait()
	eventually(t, "the orphan ends", func() bool { return !worksIn(pid, l.cluster()) })
	state := output(Installed()[0].Program("pg_controldata"), l.cluster())
	if !strings.Contains(state, "shut down\n") {
		t.Errorf("the orphan did not shut down cleanly:\n%.600s", state)
	}
}

func TestPostgreSQLIsStartedAgainWhenKilled(t *testing.T) {
	t.Parallel()
	c := startDurable(t, filepath.Join(shelf(t), "data"))
	query(t, c, `CREATE TABLE kept AS SELECT 'here' AS word`)
	for range 2 {
		pid, _ := postmaster(c.layout)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "PostgreSQL is back", func() bool {
			now, ok := postmaster(c.layout)
			got, err := tryQuery(t.Context(), c, `SELECT word FROM kept`)
			return ok && now != pid && err == nil && got == "here"
		})
	}
	if err := c.Stop(); err != nil {
		t.Errorf("stop after kills: %v", err)
	}
}

func TestStaleFilesWithALivingNumberAreNoObstacle(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	c := start(t, folder)
	c.Stop()
	// The number belongs to a process of the same user that is no PostgreSQL.
	sleeper := exec.CommandContext(t.Context(), "sleep", "60")
	sleeper.SysProcAttr = c.owner.attributes()
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	stale := fmt.Sprintf("%d\n%s\n1700000000\n5432\n%s\n\n\nready\n", sleeper.Process.Pid, c.cluster(), c.run())
	for _, file := range []string{filepath.Join(c.cluster(), "postmaster.pid"), filepath.Join(c.run(), ".s.PGSQL.5432.lock")} {
		if err := os.WriteFile(file, []byte(stale), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Chown(file, int(c.owner.uid), int(c.owner.gid))
	}
	start(t, folder)
}

func TestCrashInTheMiddleOfTheFirstStartLeavesNoTrace(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	half := filepath.Join(folder, "pg.new", "base")
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "wangge.lock"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c := start(t, folder)
	if _, err := os.Stat(c.unborn()); !os.IsNotExist(err) {
		t.Errorf("the half-made cluster is still there: %v", err)
	}
}

func TestLongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), strings.Repeat("网格", 20), "it's")
	c := start(t, folder)
	if got := query(t, c, `SELECT 'alive'`); got != "alive" {
		t.Errorf("got %q", got)
	}
	socket := c.socketFolder()
	c.Stop()
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("socket folder %s is left after stop: %v", socket, err)
	}
}

func TestFolderOfAnotherVersionIsRefusedWithTheRemedy(t *testing.T) {
	t.Parallel()
	folder := shelf(t)
	for _, neighbour := range []string{"lost+found", "backups"} {
		if err := os.Mkdir(filepath.Join(folder, neighbour), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c := start(t, folder)
	c.Stop()
	if err := os.WriteFile(filepath.Join(c.cluster(), "PG_VERSION"), []byte("14\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Folder: folder})
	wantError(t, err, ErrVersion, "PostgreSQL 14", "installed is 15", "postgresql-14-postgis-3", "wangge backup", "wangge restore")

	// And PostgreSQL's own check, should our reading of the version be wrong.
	other := c.install
	other.Major = 14
	_, err = Start(t.Context(), Options{Folder: folder, installed: []Installation{other}})
	wantError(t, err, ErrVersion, folder)
}

func TestTheVersionThatMadeTheFolderIsPreferredToTheNewest(t *testing.T) {
	t.Parallel()
	l := layout{folder: t.TempDir()}
	found := []Installation{{Major: 17, Folder: "/17"}, {Major: 15, Folder: "/15"}}
	if got, err := choose(found, l); err != nil || got.Major != 17 {
		t.Errorf("new folder: %v, %v; want 17", got, err)
	}
	if err := os.MkdirAll(l.cluster(), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := choose(found, l); !errors.Is(err, ErrNotOurs) {
		t.Errorf("no PG_VERSION: %v, want %v", err, ErrNotOurs)
	}
	if err := os.WriteFile(filepath.Join(l.cluster(), "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := choose(found, l); err != nil || got.Major != 15 {
		t.Errorf("folder of 15: %v, %v; want 15", got, err)
	}
}

func TestInstallationWithoutPostGISIsNotFound(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, version := range []string{"15", "16"} {
		if err := os.MkdirAll(filepath.Join(root, version, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, version, "bin", "postgres"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	control := filepath.Join(root, "16", "share", "extension", "postgis.control")
	if err := os.MkdirAll(filepath.Dir(control), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(control, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if hasPostGIS(filepath.Join(root, "99", "bin"), 99) {
		t.Error("PostGIS found where there is none")
	}
	for _, i := range installedIn([]string{filepath.Join(root, "*", "bin")}) {
		if i.Folder == filepath.Join(root, "15", "bin") && i.Major != 15 {
			t.Errorf("without PostGIS of its own: %+v", i)
		}
	}
	_, err := Start(t.Context(), Options{Folder: filepath.Join(shelf(t), "data"), installed: []Installation{}})
	wantError(t, err, ErrMissing, "apt-get install -y postgresql-15-postgis-3")
}

func TestFolderWithOtherFilesIsRefused(t *testing.T) {
	t.Parallel()
	folder := shelf(t)
	if err := os.WriteFile(filepath.Join(folder, "thesis.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Folder: folder})
	wantError(t, err, ErrNotOurs, folder, "thesis.txt")
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("a refused folder was touched: %v", entries)
	}
	_, err = Start(t.Context(), Options{Folder: filepath.Join(folder, "thesis.txt", "data")})
	wantError(t, err, ErrNotOurs, "not a folder")
}

func TestParentThatPostgreSQLMayNotEnterIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: root's part; run the tests as root")
	}
	closed := filepath.Join(shelf(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Folder: filepath.Join(closed, "deep", "data")})
	wantError(t, err, ErrNotWritable, "user postgres", "may not enter "+closed, "chmod o+x")
}

func TestFolderWeMayNotWriteIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere; TestAsAnOrdinaryUser runs this one")
	}
	folder := filepath.Join(shelf(t), "read-only")
	if err := os.Mkdir(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Folder: filepath.Join(folder, "data")})
	wantError(t, err, ErrNotWritable, folder, "--data")
}

// TestAsAnOrdinaryUser runs the other tests again without root's rights.
func TestAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("already an ordinary user")
	}
	folder := shelf(t)
	program := filepath.Join(folder, "pgembed.test")
	if err := copyFile(program, os.Args[0]); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.short",
		"-test.run", "LaterStart|SecondStart|OwnProcess|StartedAgain|MayNotWrite|Stale")
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "no tests to run") {
		t.Errorf("as user nobody: %v\n%s", err, out)
	}
}

func TestClusterThatBelongsToAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	l := layout{folder: t.TempDir()}
	if err := os.Mkdir(l.cluster(), 0o700); err != nil {
		t.Fatal(err)
	}
	wantError(t, l.mine(uint32(os.Geteuid())+1), ErrNotWritable, "belongs to user "+nameOf(uint32(os.Geteuid())))
	if err := l.mine(uint32(os.Geteuid())); err != nil {
		t.Errorf("own cluster: %v", err)
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}

// smallDisk is a file system of its own with so many megabytes.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: the full disk needs a mount, which only root can make")
	}
	folder := shelf(t)
	err := unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=755", megabytes))
	if err != nil {
		t.Skipf("SKIPPED: the full disk needs a mount: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(folder, unix.MNT_DETACH) })
	return folder
}

// fill leaves no room on the disk of a folder; the returned function makes room again.
func fill(t *testing.T, folder string) (free func()) {
	t.Helper()
	ballast := filepath.Join(folder, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(block)
	}
	if !isFull(err) {
		t.Fatal(err)
	}
	return func() { os.Remove(ballast) }
}

func TestFullDiskIsNamed(t *testing.T) {
	t.Parallel()
	t.Run("a new cluster", func(t *testing.T) {
		folder := filepath.Join(smallDisk(t, 40), "data")
		_, err := Start(t.Context(), Options{Folder: folder})
		wantError(t, err, ErrFull, folder, "128 MB")
	})
	t.Run("later start", func(t *testing.T) {
		disk := smallDisk(t, 400)
		folder := filepath.Join(disk, "data")
		c := start(t, folder)
		c.Stop()
		free := fill(t, disk)
		_, err := Start(t.Context(), Options{Folder: folder})
		wantError(t, err, ErrFull, folder, "0 MB are left")
		free()
		start(t, folder)
	})
	t.Run("while it runs", func(t *testing.T) {
		disk := smallDisk(t, 400)
		c := startDurable(t, filepath.Join(disk, "data"))
		query(t, c, `CREATE TABLE kept AS SELECT 'here' AS word`)
		free := fill(t, disk)
		_, err := tryQuery(t.Context(), c, `CREATE TABLE more AS SELECT repeat('x', 2000) FROM generate_series(1, 100000)`)
		if err == nil {
			t.Fatal("a full disk took 200 MB")
		}
		free()
		eventually(t, "service after room was made", func() bool {
			_, err := tryQuery(t.Context(), c, `CREATE TABLE IF NOT EXISTS more (n int)`)
			return err == nil && query(t, c, `SELECT word FROM kept`) == "here"
		})
	})
}

func TestThrowawayClusterLeavesNothing(t *testing.T) {
	t.Parallel()
	server, stop, err := Throwaway(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	conn, err := pgx.Connect(t.Context(), server+" dbname=postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `CREATE EXTENSION postgis`); err != nil {
		t.Error(err)
	}
	folder := filepath.Dir(conn.Config().Host)
	stop()
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", folder, err)
	}
}

func TestLeftoversOfKilledTestsAreSwept(t *testing.T) {
	t.Parallel()
	base := shelf(t)
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"t-orphan", "t-held", "t-new"} {
		folder := filepath.Join(base, name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := layout{folder: folder}.takeLock()
		if err != nil {
			t.Fatal(err)
		}
		if name != "t-held" {
			f.Close()
		} else {
			defer f.Close()
		}
		if name != "t-new" {
			os.Chtimes(f.Name(), old, old)
		}
	}
	sweep(base, "t-")
	for name, want := range map[string]bool{"t-orphan": false, "t-held": true, "t-new": true} {
		_, err := os.Stat(filepath.Join(base, name))
		if got := err == nil; got != want {
			t.Errorf("after the sweep %s exists: %v, want %v", name, got, want)
		}
	}
}

func TestCancelledStartLeavesTheFolderFree(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Start(ctx, Options{Folder: folder, Unsafe: true, Progress: func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want %v", err, context.Canceled)
	}
	start(t, folder)
}

func TestReservedFolderAdoptsTheClusterBesideIt(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(shelf(t), "data")
	c := start(t, folder)
	query(t, c, `CREATE TABLE old AS SELECT 'old' AS word`)
	if _, err := Reserve(folder); !errors.Is(err, ErrInUse) {
		t.Fatalf("reserve a folder in use: %v, want %v", err, ErrInUse)
	}
	c.Stop()

	r, err := Reserve(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Folder: folder}); !errors.Is(err, ErrInUse) {
		t.Fatalf("start in a reserved folder: %v, want %v", err, ErrInUse)
	}
	if !r.Occupied() {
		t.Error("a folder with a cluster is not occupied")
	}
	beside, err := r.Beside()
	if err != nil {
		t.Fatal(err)
	}
	fresh := start(t, beside)
	query(t, fresh, `CREATE TABLE new AS SELECT 'new' AS word`)
	fresh.Stop()
	aside, err := r.Adopt()
	if err != nil {
		t.Fatal(err)
	}
	r.Release()

	c = start(t, folder)
	if got := query(t, c, `SELECT word FROM new`); got != "new" {
		t.Errorf("after adoption: %q, want %q", got, "new")
	}
	if _, err := os.Stat(filepath.Join(aside, "PG_VERSION")); err != nil {
		t.Errorf("the old cluster is not kept: %v", err)
	}
	if _, err := os.Stat(beside); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", beside, err)
	}
}

// A folder that came from another machine may belong to a number without a name.
func TestRootRunsAClusterAsItsOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: root's part; run the tests as root")
	}
	folder := filepath.Join(shelf(t), "data")
	c := start(t, folder)
	c.Stop()
	const uid = 54321
	err := filepath.WalkDir(c.cluster(), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, uid))
	})
	if err != nil {
		t.Fatal(err)
	}
	c = start(t, folder)
	pid, _ := postmaster(c.layout)
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil || statOf(info).Uid != uid {
		t.Errorf("PostgreSQL runs as %v, %v; want user %d", info, err, uid)
	}
}
