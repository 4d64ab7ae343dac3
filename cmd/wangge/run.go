package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"
)

// commands are what the program can do, in the order of its help.
type commands struct {
	Log logFlags `embed:"" prefix:"log-"`

	Up        upCommand        `cmd:"" help:"Start everything: a private database if none is given, the schema, a demo town, the page."`
	Serve     serveCommand     `cmd:"" help:"Serve a database that is given and migrated."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up to this program."`
	Import    importCommand    `cmd:"" help:"Bring in boundaries, households, incidents, service points, zones or a background map."`
	Circle    circleCommand    `cmd:"" help:"Compute the service circle: who reaches which service on foot, in how many minutes; list, show and export runs."`
	Export    exportCommand    `cmd:"" help:"Write everything, or one kind of thing, in open formats."`
	Backup    backupCommand    `cmd:"" help:"Write the database into one file."`
	Restore   restoreCommand   `cmd:"" help:"Make a database from a backup."`
	TLS       tlsCommand       `cmd:"" name:"tls" help:"Print the certificate authority of --tls local, to install it on phones and computers."`
	User      userCommand      `cmd:"" help:"Look after accounts: add (the first administrator), list, disable, password, link."`
	Audit     auditCommand     `cmd:"" help:"Verify the record of who did what, print its head or its key."`
	Keys      keysCommand      `cmd:"" help:"Look after the keys that wrap personal fields: list, rotate, retire."`
	Retention retentionCommand `cmd:"" help:"Delete what is kept long enough."`
	Town      townCommand      `cmd:"" help:"Write the invented town as files, to try the imports with."`
	Bench     benchCommand     `cmd:"" help:"Measure ours against the peer and write bench.json."`
	OpenAPI   openapiCommand   `cmd:"" name:"openapi" help:"Print the API's description (OpenAPI 3.1)."`
	Version   versionCommand   `cmd:"" help:"Say what this program is and what it finds on the machine."`
	Testdb    testdbCommand    `cmd:"" hidden:"" help:"Run a command with a throw-away database in WANGGE_TEST_DATABASE."`
}

// program is what every command gets.
type program struct {
	ctx            context.Context
	env            func(string) string
	stdout, stderr io.Writer
	log            *slog.Logger
}

// run is the program: it does what args say and returns what went wrong as a
// sentence for the person at the terminal.
func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	var c commands
	helped := false
	parser, err := kong.New(&c,
		kong.Name("wangge"),
		kong.Description("Wangge (网格): which grid is responsible for a place."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.Resolvers(environment(env)),
		kong.Vars{"data": defaultFolder(env), "spool": filepath.Join(os.TempDir(), "wangge-spool")},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w (see wangge --help)", err)
	}
	p := &program{ctx: ctx, env: env, stdout: stdout, stderr: stderr}
	if p.log, err = c.Log.logger(stderr); err != nil {
		return err
	}
	return parsed.Run(p)
}

// environment lets a flag with the tag variable:"NAME" be set by $NAME.
func environment(env func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if name := flag.Tag.Get("variable"); name != "" {
			if value := env(name); value != "" {
				return value, nil
			}
		}
		return nil, nil
	})
}

type logFlags struct {
	Level  string `default:"info" enum:"debug,info,warn,error" variable:"WANGGE_LOG_LEVEL" help:"What is logged: debug, info, warn or error ($$WANGGE_LOG_LEVEL)."`
	Format string `default:"auto" enum:"auto,json,text" variable:"WANGGE_LOG_FORMAT" help:"json, text, or auto: text on a terminal ($$WANGGE_LOG_FORMAT)."`
}

func (f logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.Level)); err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	opts := &slog.HandlerOptions{Level: level}
	if f.Format == "text" || f.Format == "auto" && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, opts)), nil
	}
	return slog.New(slog.NewJSONHandler(w, opts)), nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progress tells the person at the terminal what is going on, with the seconds
// since the start.
type progress struct {
	w     io.Writer
	began time.Time
}

func (p *program) progress() progress { return progress{w: p.stdout, began: time.Now()} }

func (p progress) say(step string) {
	fmt.Fprintf(p.w, "[%5.1f s] %s\n", time.Since(p.began).Seconds(), step)
}

func (p progress) sayf(format string, args ...any) { p.say(fmt.Sprintf(format, args...)) }

// plural writes a number with its noun: "1 row", "2 rows".
func plural[N ~int | ~int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
