package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/crs"
	"wangge/geo/grid"
	"wangge/geo/locate"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Options say how a file is to be read.
type Options struct {
	Source  string            // who keeps the file; with a row's id it names a thing for ever
	CRS     crs.CRS           // of the file's coordinates; zero is WGS 84
	Fields  map[string]string // field → the file's own column, where names are not recognised
	Confirm string            // reason to accept a CRS that cannot be checked
	Zone    *time.Location    // of instants without one; nil is Shanghai
	DryRun  bool              // report only, change nothing
	Full    bool              // the file holds everything the source has
	// CloseAbsent closes what a full file no longer holds.
	CloseAbsent bool
	// Progress hears of rows done, of total (0 = not known), and of the stage. It
	// is called from one goroutine, which the import does not wait for.
	Progress func(done, total int64, stage string)
}

// Stages of an import, as Progress hears them.
const (
	StageRead   = "read"
	StageStore  = "store"
	StageMatch  = "match"
	StageClose  = "close"
	StageFinish = "finish"
)

// Book is what a subject tells the importer about itself.
type Book struct {
	Subject Subject
	Fields  []sheet.Field // beside those every ledger has
	Own     []string      // sources of what is entered here, and in no file
	// PlaceNeeded refuses rows without a position; otherwise they are kept.
	PlaceNeeded bool
	// DerivedFrom are the fields an id is made of when the file has none, and
	// DerivedNeeds how many of them a row must fill to be told apart; empty when
	// the file must have ids.
	DerivedFrom  []string
	DerivedNeeds int
	// Columns are what Decode appends to a row's tuple, in order.
	Columns []string
	Decode  func(c *Cells, t *Tuple) *Reason
	// Stage is the definition of the temporary table ledger_stage when a row is
	// kept in several tables; then new rows pass through it too.
	Stage string
	// Apply carries the rows of ledger_stage into the tables.
	Apply func(ctx context.Context, tx pgx.Tx, report *Report) error
	// Match tries to place what has no position by what is known in the area; nil
	// if there is no way.
	Match func(ctx context.Context, tx pgx.Tx, area staff.Area, source string) (placed []int64, err error)
	// Close closes things that are absent from a full file.
	Close func(ctx context.Context, tx pgx.Tx, ids any) error
}

// Import brings the rows of a file into a ledger: all of them that can be kept,
// or, when an error is returned, none. The report is valid beside an error as
// far as it goes.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, book Book, rows Rows, opts Options) (Report, error) {
	im, err := newImporter(book, rows, opts)
	if err != nil {
		return Report{}, fmt.Errorf("import %s: %w", book.Subject.Name, err)
	}
	im.tell = newTeller(opts.Progress)
	defer im.tell.stop() // after the commit
	err = pg.Try(ctx, db, opts.DryRun, func(tx pgx.Tx) error { return im.run(ctx, tx, actor) })
	if err != nil {
		return im.report, fmt.Errorf("import %s of %q: %w", book.Subject.Name, opts.Source, err)
	}
	return im.report, nil
}

// importer is one import on its way.
type importer struct {
	book   Book
	opts   Options
	rows   Rows
	cells  *Cells
	report Report

	today geo.Day
	index *locate.Index
	units []int64 // of the index
	ours  []bool  // of the index: within the importer's area; nil = everywhere
	list  []grid.InForce
	place placer

	known    map[string]int32 // source id → seen
	seen     []entry
	stored   int // how many of seen stood in the ledger before
	nameless int // refused rows whose id is not known

	tell    *teller
	sample  sampler
	done    int64
	staged  int      // rows in ledger_stage
	touched []string // the first ids that changed, for the tiles
	count   int      // of all ids that changed
}

// entry is what is known of one id.
type entry struct {
	id     id
	digest uint64
	line   int32 // of this file; 0 = not seen yet
	open   bool
}

func newImporter(book Book, rows Rows, opts Options) (*importer, error) {
	if opts.Source = Clean(opts.Source); opts.Source == "" {
		return nil, ErrSource
	}
	if slices.Contains(book.Own, opts.Source) {
		return nil, ErrSourceTaken
	}
	if opts.CRS == "" {
		opts.CRS = crs.WGS84
	}
	if opts.Zone == nil {
		opts.Zone = Shanghai
	}
	cells, err := newCells(book, rows, opts)
	if err != nil {
		return nil, err
	}
	im := &importer{book: book, opts: opts, rows: rows, cells: cells, known: map[string]int32{}}
	im.report = Report{
		IDFrom: cells.derived, Dropped: cells.dropped(), Unknown: cells.unknown(),
		DryRun: opts.DryRun, Confirmed: opts.Confirm,
		Notes: []Note{}, Refusals: []Refusal{}, AbsentIDs: []string{},
	}
	return im, nil
}

// run is the import inside its transaction.
func (im *importer) run(ctx context.Context, tx pgx.Tx, actor staff.Actor) error {
	if err := im.prepare(ctx, tx); err != nil {
		return err
	}
	if err := im.confine(ctx, tx, actor); err != nil {
		return err
	}
	first, err := im.read(ctx)
	if err != nil {
		return err
	}
	if len(first) == 0 {
		return ErrEmpty
	}
	whole := len(first) < batchRows
	if err := im.guard(ctx, tx, im.sampleOf(first)); err != nil {
		return err
	}
	bare, err := im.strip(ctx, tx, !whole)
	if err != nil {
		return err
	}
	if err := im.stream(ctx, tx, first); err != nil {
		return err
	}
	if !whole { // a file glued together from two systems
		if err := im.guard(ctx, tx, im.sample.points); err != nil {
			return err
		}
	}
	if bare {
		im.say(StageFinish)
		if err := im.dress(ctx, tx); err != nil {
			return err
		}
	}
	return im.finish(ctx, tx, actor)
}

// prepare takes the locks and reads what rows are compared with.
func (im *importer) prepare(ctx context.Context, tx pgx.Tx) (err error) {
	if err := grid.HoldBoundaries(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('import:' || $1), hashtext($2))`,
		im.book.Subject.Name, im.opts.Source); err != nil {
		return err
	}
	im.today = grid.Today()
	if im.index, im.list, err = grid.Index(ctx, tx, im.today); err != nil {
		return err
	}
	im.units = make([]int64, len(im.list))
	for i, u := range im.list {
		im.units[i] = u.ID
	}
	near, err := im.knownWorld(ctx, tx)
	if err != nil {
		return err
	}
	im.place = newPlacer(im.opts.CRS, near)
	if err := im.readKnown(ctx, tx); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, im.stage())
	return err
}

// stage is the temporary table of changed rows.
func (im *importer) stage() string {
	if im.book.Stage != "" {
		return im.book.Stage
	}
	return `CREATE TEMP TABLE ledger_stage ON COMMIT DROP AS SELECT ` + im.columnList() +
		` FROM ` + im.book.Subject.table + ` WITH NO DATA`
}

// readKnown reads what this source sent before.
func (im *importer) readKnown(ctx context.Context, tx pgx.Tx) error {
	s := im.book.Subject
	rows, err := tx.Query(ctx, `
		SELECT t.id, t.source_id, t.digest, `+s.open+`
		FROM `+s.table+` t WHERE t.source = $1`, im.opts.Source)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		raw := rows.RawValues()
		e := entry{digest: uint64(number(raw[2])), open: raw[3][0] == 1}
		copy(e.id[:], raw[0])
		im.known[string(raw[1])] = int32(len(im.seen))
		im.seen = append(im.seen, e)
	}
	im.stored = len(im.seen)
	return rows.Err()
}

// batchRows is how many rows travel together: enough to make the cost of a
// statement small, few enough to keep memory and steps of progress small.
const batchRows = 4096

// read reads the next batch; it is empty at the end of the file.
func (im *importer) read(ctx context.Context) ([]Row, error) {
	batch := make([]Row, 0, batchRows)
	for len(batch) < batchRows {
		r, err := im.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		batch = append(batch, r)
	}
	return batch, ctx.Err()
}

// stream reads in one goroutine, checks in another and writes in a third.
func (im *importer) stream(ctx context.Context, tx pgx.Tx, first []Row) error {
	work, inner := errgroup.WithContext(ctx)
	read, checked := make(chan []Row, 2), make(chan *batch, 2)
	work.Go(func() error {
		defer close(read)
		for rows := first; len(rows) > 0; {
			if !pass(inner, read, rows) {
				return inner.Err()
			}
			var err error
			if rows, err = im.read(inner); err != nil {
				return err
			}
		}
		return nil
	})
	work.Go(func() error {
		defer close(checked)
		for rows := range read {
			if !pass(inner, checked, im.check(rows)) {
				return inner.Err()
			}
		}
		return nil
	})
	work.Go(func() error {
		for b := range checked {
			// Not with inner: cancelling a COPY costs the connection, and the end of
			// the rows ends this as well.
			if err := im.store(ctx, tx, b); err != nil {
				return err
			}
			im.done += int64(b.read)
			im.say(StageRead)
		}
		return nil
	})
	return work.Wait()
}

// pass hands a value on; false when the work was given up.
func pass[T any](ctx context.Context, to chan<- T, v T) bool {
	select {
	case to <- v:
		return true
	case <-ctx.Done():
		return false
	}
}

// batch is a number of rows that were checked, encoded for COPY.
type batch struct {
	read    int
	fresh   *copyStream // new rows, for the ledger itself
	staged  *copyStream // changed rows, for ledger_stage
	added   []added
	changed []id
}

// added is a new row that waits for its id.
type added struct {
	in   *copyStream
	at   int // where in the stream the id belongs
	unit int64
}

// rowBytes is how long an encoded row is, about.
const rowBytes = 288

// check decides for every row of a batch.
func (im *importer) check(rows []Row) *batch {
	b := &batch{read: len(rows), fresh: newCopyStream(0), staged: newCopyStream(0)}
	if im.stored == 0 {
		b.added = make([]added, 0, len(rows))
		b.fresh = newCopyStream(rowBytes * len(rows))
	}
	for _, r := range rows {
		im.report.Rows++
		if why := im.checkRow(b, r); why != nil {
			im.report.refuse(r.Line, im.cells.Column(why.Field), *why)
		}
	}
	return b
}

// checkRow adds a row to the batch unless it is refused or unchanged.
func (im *importer) checkRow(b *batch, r Row) *Reason {
	im.cells.row = r
	sourceID, why := im.cells.id()
	if why != nil {
		im.nameless++
		return why
	}
	at, isKnown := im.known[sourceID]
	if isKnown && im.seen[at].line != 0 {
		why := repeated(short(sourceID), int(im.seen[at].line))
		return &why
	}
	if !isKnown {
		at = int32(len(im.seen))
		im.known[strings.Clone(sourceID)] = at
		im.seen = append(im.seen, entry{})
	}
	im.seen[at].line = int32(r.Line)
	return im.checkValues(b, &im.seen[at], sourceID, isKnown)
}

func (im *importer) checkValues(b *batch, e *entry, sourceID string, isKnown bool) *Reason {
	place, why := im.position()
	if why != nil {
		return why
	}
	to := b.staged
	if !isKnown && im.book.Stage == "" {
		to = b.fresh
	}
	t := to.begin()
	t.id(e.id, im.book.Subject.idBytes())
	from := len(t.buf)
	t.Text(im.opts.Source)
	t.Text(sourceID)
	t.Point(place)
	if why := im.book.Decode(im.cells, t); why != nil {
		return why
	}
	digest := digestOf(t.buf[from:])
	unit, ours := im.unitAt(place)
	if !ours {
		return &Reason{Field: FieldLon, Code: OutsideArea}
	}
	if place != nil && unit == 0 {
		im.report.Outside++
	}
	switch {
	case !isKnown:
		im.report.New++
		b.added = append(b.added, added{in: to, at: from - im.book.Subject.idBytes(), unit: unit})
	case e.digest == digest:
		im.report.Unchanged++
		return nil
	default:
		im.report.Changed++
		b.changed = append(b.changed, e.id)
	}
	t.Int8(int64(digest))
	t.cell(place)
	to.end(t)
	return nil
}

// position is where the row says it lies; nil when it does not say.
func (im *importer) position() (*geo.Point, *Reason) {
	raw, some, why := im.cells.position()
	if why != nil {
		return nil, why
	}
	if !some {
		if im.book.PlaceNeeded {
			return nil, &Reason{Field: FieldLon, Code: NoPlace}
		}
		return nil, nil
	}
	at, why := im.place.place(raw)
	if why == nil || why.Code == FarOutside || why.Code == OutOfRange {
		im.sample.add(raw)
	}
	if why != nil {
		return nil, why
	}
	return &at, nil
}

// unitAt is the unit responsible for a place, 0 for none, and whether whoever
// imports may put something there.
func (im *importer) unitAt(place *geo.Point) (unit int64, ours bool) {
	if place == nil {
		return 0, true
	}
	i, ok := im.index.Find(*place)
	if !ok {
		return 0, im.ours == nil
	}
	return im.units[i], im.ours == nil || im.ours[i]
}

// digestOf is the FNV-1a hash of a row's columns; never 0, which stands for none.
func digestOf(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return max(h, 1)
}

// say reports a stage.
func (im *importer) say(stage string) { im.tell.say(telling{im.done, im.rows.total, stage}) }

// sampleOf are the positions of the first rows, for the guard.
func (im *importer) sampleOf(rows []Row) []orb.Point {
	var s sampler
	for _, r := range rows {
		im.cells.row = r
		raw, some, why := im.cells.position()
		if some && why == nil && im.place.placeholder(raw) == nil {
			s.add(raw)
		}
	}
	return s.points
}

// sampler keeps up to maxSample positions spread evenly over a file of any length.
type sampler struct {
	points      []orb.Point
	step, count int
}

const maxSample = 1000

func (s *sampler) add(p orb.Point) {
	if s.step == 0 {
		s.step = 1
	}
	if s.count++; (s.count-1)%s.step != 0 {
		return
	}
	if len(s.points) == maxSample {
		for i := range maxSample / 2 {
			s.points[i] = s.points[2*i]
		}
		s.points = s.points[:maxSample/2]
		s.step *= 2
		if (s.count-1)%s.step != 0 {
			return
		}
	}
	s.points = append(s.points, p)
}

// auditDetail holds counts only.
func (r Report) auditDetail(source string) map[string]any {
	d := map[string]any{
		"source": source, "rows": r.Rows, "new": r.New, "changed": r.Changed, "unchanged": r.Unchanged,
		"outside": r.Outside, "unplaced": r.Unplaced, "matched": r.Matched, "refused": r.Refused,
		"absent": r.Absent, "closed": r.Closed,
	}
	if r.Confirmed != "" {
		d["confirmed"] = r.Confirmed
	}
	if r.Guard != nil {
		d["guard"] = r.Guard.Result
	}
	return d
}

func (im *importer) audit(ctx context.Context, tx pgx.Tx, actor staff.Actor) error {
	return audit.Write(ctx, tx, actor, "import", im.book.Subject.Name, "", im.report.auditDetail(im.opts.Source))
}
