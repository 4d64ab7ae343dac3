package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/audit"
	"wangge/geo/pg"
)

// auditCommand is what an auditor does on the server.
type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Walk the log and say where it is not as it was written. Ends with 1 when it is not."`
	Head   auditHead   `cmd:"" help:"Print the newest link, signed: keep it, and the log up to it can be verified later."`
	Key    auditKey    `cmd:"" help:"Print the public half of the key that signs, for auditors."`
}

// auditFlags say where the log's proofs lie, outside the database.
type auditFlags struct {
	AuditKey   string `type:"path" variable:"WANGGE_AUDIT_KEY" placeholder:"FILE" help:"Key that signs the log, made when it is missing; by default audit.key in the data folder ($$WANGGE_AUDIT_KEY)."`
	AuditHeads string `type:"path" variable:"WANGGE_AUDIT_HEADS" placeholder:"FILE" help:"File to which the newest link of the log is written every hour; by default heads.jsonl in the data folder ($$WANGGE_AUDIT_HEADS)."`
}

// in fills in the files of a data folder where none were named.
func (f auditFlags) in(folder string) auditFlags {
	if f.AuditKey == "" {
		f.AuditKey = filepath.Join(folder, "audit.key")
	}
	if f.AuditHeads == "" {
		f.AuditHeads = filepath.Join(folder, "heads.jsonl")
	}
	return f
}

// sealer is the worker that links the log.
func (f auditFlags) sealer(p *program, engine *pgxpool.Pool) (audit.Sealer, error) {
	key, err := audit.OpenKey(f.AuditKey)
	if err != nil {
		return audit.Sealer{}, err
	}
	return audit.Sealer{DB: engine, Key: key, Heads: audit.Heads(f.AuditHeads), Log: p.log, Now: time.Now, Rows: audit.SegmentRows}, nil
}

// finishing is how long the last links may take when the program stops.
const finishing = 10 * time.Second

// finish links what was written last, after everything else has stopped.
func finish(ctx context.Context, sealer audit.Sealer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()
	return sealer.Finish(ctx)
}

// engine opens a command's database with the rights of the engine.
func (f databaseFlags) engine(p *program) (pool *pgxpool.Pool, closeAll func(), err error) {
	db, err := f.open(p, p.progress().say)
	if err != nil {
		return nil, nil, err
	}
	pool, err = pg.Open(p.ctx, db.DSN, pg.Options{Role: pg.RoleEngine})
	if err != nil {
		db.close()
		return nil, nil, err
	}
	return pool, func() { pool.Close(); db.close() }, nil
}

type auditVerify struct {
	Key   []string `type:"existingfile" placeholder:"FILE" help:"Key to check signatures with, public or private; several after the key was changed. By default audit.key in the data folder."`
	Heads string   `type:"path" placeholder:"FILE" help:"Exported heads to compare with; by default heads.jsonl in the data folder."`
	JSON  bool     `help:"Print the report as JSON."`
	databaseFlags
}

// errNotAsWritten ends the command with 1.
var errNotAsWritten = errors.New("the log is not as it was written")

// patience is how long a verification waits for rows that are about to be linked.
const patience = 10 * time.Second

// Run verifies beside a running wangge up as well as without one.
func (c *auditVerify) Run(p *program) error {
	evidence, err := c.evidence(p)
	if err != nil {
		return err
	}
	pool, closeAll, err := c.engine(p)
	if err != nil {
		return err
	}
	defer closeAll()
	began := time.Now()
	report, err := audit.Verify(p.ctx, pool, evidence, patience)
	if err != nil {
		return err
	}
	if err := c.print(p, report, time.Since(began)); err != nil {
		return err
	}
	if !report.OK() {
		return fmt.Errorf("%w: %s", errNotAsWritten, plural(len(report.Findings)+report.More, "finding"))
	}
	return nil
}

func (c *auditVerify) evidence(p *program) (audit.Evidence, error) {
	files := auditFlags{AuditHeads: c.Heads}.in(c.Data)
	evidence := audit.Evidence{Heads: audit.Heads(files.AuditHeads)}
	if _, err := os.Stat(files.AuditHeads); c.Heads != "" && err != nil {
		return evidence, fmt.Errorf("--heads: %w", err)
	}
	if len(c.Key) == 0 {
		if _, err := os.Stat(files.AuditKey); errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(p.stderr, "%s is not there: signatures are not checked. Name a key with --key.\n", files.AuditKey)
			return evidence, nil
		}
		c.Key = []string{files.AuditKey}
	}
	for _, file := range c.Key {
		key, err := audit.ReadPublicKey(file)
		if err != nil {
			return evidence, err
		}
		evidence.Keys = append(evidence.Keys, key)
	}
	return evidence, nil
}

func (c *auditVerify) print(p *program, r audit.Report, took time.Duration) error {
	if c.JSON {
		out := json.NewEncoder(p.stdout)
		out.SetIndent("", "  ")
		return out.Encode(r)
	}
	fmt.Fprintf(p.stdout, "%s checked in %.1f s, up to link %d (%s)\n", plural(r.Rows, "row"), took.Seconds(), r.Seq, r.Hash)
	fmt.Fprintf(p.stdout, "%s compared, %s\n", plural(r.Heads, "exported head"), plural(r.Segments, "signed segment"))
	if r.Dropped > 0 {
		fmt.Fprintf(p.stdout, "the rows of %s were removed by retention\n", plural(r.Dropped, "segment"))
	}
	if r.Heads == 0 {
		fmt.Fprintln(p.stdout, "without exported heads, an end that was cut off or rewritten cannot be noticed")
	}
	for _, part := range r.GivenUp {
		fmt.Fprintln(p.stdout, "given up:", part)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(p.stdout, "%-9s  link %s  row %s  %s  %s\n", f.Kind, span(f.Seq, f.LastSeq), span(f.ID, 0), when(f.At), f.Detail)
	}
	if r.More > 0 {
		fmt.Fprintf(p.stdout, "and %d more\n", r.More)
	}
	if r.OK() {
		fmt.Fprintln(p.stdout, "the log is as it was written")
	}
	return nil
}

// span writes a number, or the first and last of several; "-" for none.
func span(first, last int64) string {
	switch {
	case first == 0:
		return "-"
	case last > first:
		return fmt.Sprintf("%d-%d", first, last)
	}
	return fmt.Sprint(first)
}

func when(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.Local().Format(time.DateTime)
}

type auditHead struct {
	auditFlags
	databaseFlags
}

// Run prints one line, as it stands in the file of heads.
func (c *auditHead) Run(p *program) error {
	key, err := audit.OpenKey(c.in(c.Data).AuditKey)
	if err != nil {
		return err
	}
	quiet := *p
	quiet.stdout = p.stderr // only the head goes to standard output
	pool, closeAll, err := c.engine(&quiet)
	if err != nil {
		return err
	}
	defer closeAll()
	head, err := audit.Now(p.ctx, pool, key)
	if err != nil {
		return err
	}
	return json.NewEncoder(p.stdout).Encode(head)
}

type auditKey struct {
	auditFlags
	Data string `default:"${data}" type:"path" variable:"WANGGE_FOLDER" placeholder:"FOLDER" help:"Data folder, by default ${data} ($$WANGGE_FOLDER)."`
}

// Run prints the public key.
func (c *auditKey) Run(p *program) error {
	key, err := audit.ReadPublicKey(c.in(c.Data).AuditKey)
	if err != nil {
		return err
	}
	text, err := key.PEM()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stderr, "key %s\n", key.ID())
	_, err = p.stdout.Write(text)
	return err
}

// giveUp says in the file of heads that a backup was restored: what stood in the
// log after it is gone. Without heads there is nothing to say it to.
func (f auditFlags) giveUp(ctx context.Context, dsn string) error {
	if _, err := os.Stat(f.AuditHeads); err != nil {
		return nil
	}
	key, err := audit.OpenKey(f.AuditKey)
	if err != nil {
		return err
	}
	pool, err := pg.Open(ctx, dsn, pg.Options{})
	if err != nil {
		return err
	}
	defer pool.Close()
	return audit.Restored(ctx, pool, key, audit.Heads(f.AuditHeads))
}
