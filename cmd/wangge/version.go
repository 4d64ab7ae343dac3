package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"wangge/geo/pg/pgembed"
)

type versionCommand struct{}

// Run says what somebody who helps with a problem asks first.
func (versionCommand) Run(p *program) error {
	fmt.Fprintf(p.stdout, "wangge %s, %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	found := pgembed.Installed()
	for _, i := range found {
		fmt.Fprintf(p.stdout, "PostgreSQL %d with PostGIS in %s\n", i.Major, i.Folder)
	}
	if len(found) == 0 {
		fmt.Fprintln(p.stdout, "no PostgreSQL with PostGIS: a private database cannot be made here")
	}
	return nil
}

// version is the commit that the program was built from, with its date.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	setting := map[string]string{}
	for _, s := range info.Settings {
		setting[s.Key] = s.Value
	}
	revision := setting["vcs.revision"]
	if revision == "" {
		return "unversioned"
	}
	v := setting["vcs.time"][:min(10, len(setting["vcs.time"]))] + "-" + revision[:min(10, len(revision))]
	if setting["vcs.modified"] == "true" {
		v += "-changed"
	}
	return v
}
