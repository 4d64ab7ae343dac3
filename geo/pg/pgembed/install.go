package pgembed

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Installation is one installed PostgreSQL that has PostGIS.
type Installation struct {
	Major  int    // 15
	Folder string // where postgres, initdb, pg_dump … are
}

// Program is the path of one of its programs.
func (i Installation) Program(name string) string { return filepath.Join(i.Folder, name) }

// binFolders are where Linux distributions put PostgreSQL's programs: Debian
// and Ubuntu, the PostgreSQL project's RPMs, and systems with only one version.
var binFolders = []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/bin"}

// Installed lists the installed PostgreSQL versions that have PostGIS, newest first.
func Installed() []Installation { return installedIn(binFolders) }

func installedIn(patterns []string) []Installation {
	var found []Installation
	for _, pattern := range patterns {
		folders, _ := filepath.Glob(pattern) // the patterns are constant and well formed
		for _, folder := range folders {
			if i, ok := inspect(folder); ok {
				found = append(found, i)
			}
		}
	}
	sort.SliceStable(found, func(a, b int) bool { return found[a].Major > found[b].Major })
	return found
}

var digits = regexp.MustCompile(`\d+`)

// inspect reports the installation in a folder of programs. The major version
// is read from the folder's name, or else from the program itself.
func inspect(folder string) (Installation, bool) {
	server := filepath.Join(folder, "postgres")
	program, err := os.Open(server)
	if err != nil {
		return Installation{}, false
	}
	defer program.Close()
	major, err := strconv.Atoi(digits.FindString(filepath.Dir(folder)))
	if err != nil {
		major, err = strconv.Atoi(digits.FindString(output(server, "--version")))
	}
	if err != nil || !hasPostGIS(folder, major) {
		return Installation{}, false
	}
	return Installation{Major: major, Folder: folder}, true
}

func hasPostGIS(folder string, major int) bool {
	base := filepath.Dir(folder)
	for _, share := range []string{
		fmt.Sprintf("/usr/share/postgresql/%d", major), // Debian
		filepath.Join(base, "share"),                   // RPMs
		filepath.Join(base, "share", "postgresql"),
		filepath.Join(base, "share", "pgsql"),
	} {
		if _, err := os.Stat(filepath.Join(share, "extension", "postgis.control")); err == nil {
			return true
		}
	}
	return false
}

// choose takes the newest installation for a new cluster, and for an existing
// one the version that made it: PostgreSQL cannot read another version's files.
func choose(found []Installation, l layout) (Installation, error) {
	major, err := l.clusterMajor()
	if err != nil {
		return Installation{}, err
	}
	if major == 0 && len(found) > 0 {
		return found[0], nil
	}
	for _, i := range found {
		if i.Major == major {
			return i, nil
		}
	}
	if len(found) == 0 {
		if major == 0 {
			major = debianMajor
		}
		return Installation{}, fmt.Errorf("%w; on Debian and Ubuntu: %s", ErrMissing, aptCommand(major))
	}
	return Installation{}, fmt.Errorf("%w: %s was made by PostgreSQL %d, installed is %s. "+
		"Make a backup with the old version (%s, then wangge backup --data %s), or take the newest in %s, and restore it into a new folder: wangge restore FILE --data NEW",
		ErrVersion, l.folder, major, majors(found), aptCommand(major), l.folder, filepath.Join(l.folder, "backups"))
}

// debianMajor is the PostgreSQL version of Debian 12.
const debianMajor = 15

func aptCommand(major int) string {
	return fmt.Sprintf("apt-get install -y postgresql-%d-postgis-3", major)
}

func majors(found []Installation) string {
	var s []string
	for _, i := range found {
		s = append(s, strconv.Itoa(i.Major))
	}
	return strings.Join(s, ", ")
}

// clusterMajor is the version that made the cluster; 0 when there is none yet.
func (l layout) clusterMajor() (int, error) {
	text, err := os.ReadFile(filepath.Join(l.cluster(), "PG_VERSION"))
	if os.IsNotExist(err) {
		if _, err := os.Lstat(l.cluster()); err == nil {
			return 0, fmt.Errorf("%w: %s has no PG_VERSION, so it is not a complete PostgreSQL cluster. "+
				"Move it away, and restore a backup if it held something", ErrNotOurs, l.cluster())
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("version of the data folder: %w", err)
	}
	major, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		return 0, fmt.Errorf("%w: %s says %q", ErrVersion, filepath.Join(l.cluster(), "PG_VERSION"), text)
	}
	return major, nil
}
