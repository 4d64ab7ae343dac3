package ledger

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/staff"
)

// columnNames are those of a row's tuple, with the id before them.
func (im *importer) columnNames() []string {
	names := append([]string{"id", "source", "source_id", "point"}, im.book.Columns...)
	return append(names, "digest", "cell")
}

func (im *importer) columnList() string { return strings.Join(im.columnNames(), ", ") }

// store writes a batch: new rows into the ledger with their units, changed ones
// into ledger_stage.
func (im *importer) store(ctx context.Context, tx pgx.Tx, b *batch) error {
	s := im.book.Subject
	ids, err := s.reserve(ctx, tx, len(b.added))
	if err != nil {
		return err
	}
	owners := newCopyStream(40 * len(b.added))
	for i, row := range b.added {
		copy(row.in.buf[row.at:], ids[i][:s.idBytes()])
		im.touch(ids[i])
		if row.in == b.fresh && row.unit != 0 {
			s.appendOwner(owners, ids[i], row.unit, im.today)
		}
	}
	for _, changed := range b.changed {
		im.touch(changed)
	}
	im.staged += b.staged.rows
	if err := b.fresh.sendIfAny(ctx, tx, s.table, im.columnNames()); err != nil {
		return err
	}
	if err := owners.sendIfAny(ctx, tx, s.owners, s.ownerColumns()); err != nil {
		return err
	}
	return b.staged.sendIfAny(ctx, tx, "ledger_stage", im.columnNames())
}

// touch remembers an id for the tiles while they are few.
func (im *importer) touch(v id) {
	if im.count++; len(im.touched) <= maxListed {
		im.touched = append(im.touched, im.book.Subject.text(v))
	}
}

func (s Subject) text(v id) string {
	if s.idType == "uuid" {
		return uuid.UUID(v).String()
	}
	return strconv.FormatInt(v.number(), 10)
}

// strip drops the secondary indexes before a first load: built at once they cost
// a third of being kept up row by row. It is safe because it is part of the
// transaction and because nobody has anything to read in an empty table; for the
// same reason it is only done when the table is empty and the file is large.
func (im *importer) strip(ctx context.Context, tx pgx.Tx, large bool) (bool, error) {
	s := im.book.Subject
	if !large || im.opts.DryRun || len(s.secondary) == 0 {
		return false, nil
	}
	const empty = `SELECT NOT EXISTS (SELECT FROM %s) AND NOT EXISTS (SELECT FROM %s)`
	var first bool
	if err := tx.QueryRow(ctx, fmt.Sprintf(empty, s.table, s.owners)).Scan(&first); err != nil || !first {
		return false, err
	}
	// Somebody else's first row may stand uncommitted: wait for it, then look again.
	if _, err := tx.Exec(ctx, `LOCK TABLE `+s.table+`, `+s.owners+` IN ACCESS EXCLUSIVE MODE`); err != nil {
		return false, err
	}
	if err := tx.QueryRow(ctx, fmt.Sprintf(empty, s.table, s.owners)).Scan(&first); err != nil || !first {
		return false, err
	}
	for _, x := range s.secondary {
		if _, err := tx.Exec(ctx, x.drop); err != nil {
			return false, fmt.Errorf("first load of %s: %w", s.Name, err)
		}
	}
	return true, nil
}

// dress builds the indexes again.
func (im *importer) dress(ctx context.Context, tx pgx.Tx) error {
	s := im.book.Subject
	for _, x := range slices.Backward(s.secondary) {
		if _, err := tx.Exec(ctx, x.create); err != nil {
			return fmt.Errorf("index %s: %w", s.Name, err)
		}
	}
	if _, err := tx.Exec(ctx, `ANALYZE `+s.table+`, `+s.owners); err != nil {
		return fmt.Errorf("index %s: %w", s.Name, err)
	}
	return nil
}

// finish carries over what is staged, places what can be placed, closes what is
// absent, and tells everyone.
func (im *importer) finish(ctx context.Context, tx pgx.Tx, actor staff.Actor) error {
	im.say(StageStore)
	if err := im.apply(ctx, tx); err != nil {
		return err
	}
	if err := im.claim(ctx, tx, actor); err != nil {
		return err
	}
	if err := im.match(ctx, tx, actor); err != nil {
		return err
	}
	if err := im.closeAbsent(ctx, tx); err != nil {
		return err
	}
	im.report.Notes = im.cells.noted()
	if _, err := tx.Exec(ctx, `DROP TABLE ledger_stage`); err != nil {
		return err
	}
	if im.opts.DryRun {
		return nil
	}
	if im.count > 0 {
		if err := im.book.Subject.Raise(ctx, tx, im.ids()); err != nil {
			return err
		}
	}
	return im.audit(ctx, tx, actor)
}

// ids are those that changed, or nil when they are too many to name.
func (im *importer) ids() []string {
	if im.count > maxListed {
		return nil
	}
	return im.touched
}

// apply writes changed rows and decides anew who is responsible for them.
func (im *importer) apply(ctx context.Context, tx pgx.Tx) error {
	if im.staged == 0 {
		return nil
	}
	if err := im.book.Apply(ctx, tx, &im.report); err != nil {
		return err
	}
	_, err := im.book.Subject.assign(ctx, tx, im.today, im.index, "t.id IN (SELECT id FROM ledger_stage)")
	return err
}

// match places what has no position by its doorplate.
func (im *importer) match(ctx context.Context, tx pgx.Tx, actor staff.Actor) error {
	if im.book.Match == nil {
		return nil
	}
	im.say(StageMatch)
	placed, err := im.book.Match(ctx, tx, actor.Area(staff.Import), im.opts.Source)
	if err != nil {
		return err
	}
	im.report.Matched = len(placed)
	for _, number := range placed {
		if im.count++; len(im.touched) <= maxListed {
			im.touched = append(im.touched, strconv.FormatInt(number, 10))
		}
	}
	if len(placed) > 0 {
		if _, err := im.book.Subject.assign(ctx, tx, im.today, im.index, "t.id = ANY($1)", placed); err != nil {
			return err
		}
	}
	return tx.QueryRow(ctx, `
		SELECT count(*) FROM `+im.book.Subject.table+` t
		WHERE t.source = $1 AND t.point IS NULL AND `+im.book.Subject.open, im.opts.Source).Scan(&im.report.Unplaced)
}

// closeAbsent lists what a full file no longer holds and closes it on request.
// When rows were refused whose ids could not be read, nothing is closed: they
// might be the absent ones.
func (im *importer) closeAbsent(ctx context.Context, tx pgx.Tx) error {
	if !im.opts.Full {
		return nil
	}
	im.say(StageClose)
	absent := im.absent()
	im.report.Absent = len(absent)
	if !im.opts.CloseAbsent || len(absent) == 0 {
		return nil
	}
	if im.nameless > 0 {
		im.cells.Note(FieldID, "not_closed", "Rows without a readable id may be the absent ones, so nothing was closed.")
		return nil
	}
	moves := make([]move, len(absent))
	for i, at := range absent {
		moves[i] = move{id: im.seen[at].id}
		im.touch(im.seen[at].id)
	}
	ids, _ := im.book.Subject.columns(moves)
	if err := im.book.Close(ctx, tx, ids); err != nil {
		return err
	}
	im.report.Closed = len(absent)
	_, err := im.book.Subject.assign(ctx, tx, im.today, im.index, "t.id = ANY($1)", ids)
	return err
}

// absent are the stored and open entries that the file did not mention.
func (im *importer) absent() []int32 {
	var list []int32
	for i := range im.seen[:im.stored] {
		if im.seen[i].open && im.seen[i].line == 0 {
			list = append(list, int32(i))
		}
	}
	if len(list) > 0 {
		im.nameAbsent(list)
	}
	return list
}

func (im *importer) nameAbsent(list []int32) {
	want := map[int32]bool{}
	for _, at := range list {
		want[at] = true
	}
	for name, at := range im.known {
		if want[at] {
			im.report.AbsentIDs = append(im.report.AbsentIDs, name)
		}
	}
	sortFirst(&im.report.AbsentIDs, maxListed)
}
