// Package incident keeps the incident ledger: what was reported, where, and how
// it stands. Incidents come from other systems by file (Import) or are reported
// here (Report). Each has its H3 cell and the unit that is responsible; a closed
// one stays with the unit that had it.
//
// Of what was reported a short text is kept, refused when it holds a phone or identity
// number; an import keeps none. What is done with an incident is a ledger of steps (Do),
// with reasons by code, each by whom and when, and by when the next one is due.
//
//	incident.go  incidents: listed, reported
//	import.go    those of other systems
//	step.go      pure: which step leads where, what its clock is
//	act.go       steps taken
//	limit.go     how long each step may take
//	duty.go      whose an incident is and why; charges; borders and duplicates near a report
//	resident.go  reports of residents, and what becomes of them
//	export.go    the ledger as a worksheet
//	open.go      what everybody may know of incidents: a class, a day, about where
//	dispatch.go  posts that an incident can be dispatched to
//	analysis*.go counts by place and time
package incident

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/cell"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/redact"
	"wangge/geo/staff"
)

// State is where an incident stands.
type State string

// The states.
const (
	Reported   State = "reported"   // 上报
	Accepted   State = "accepted"   // 受理
	Dispatched State = "dispatched" // 派遣
	Handled    State = "handled"    // 处置
	Verified   State = "verified"   // 核查
	Closed     State = "closed"     // 结案
	Held       State = "held"       // 挂账
)

// Incident is one reported matter.
type Incident struct {
	ID         uuid.UUID  `json:"id"`
	Source     string     `json:"source"`
	SourceID   string     `json:"source_id"`
	Category   string     `json:"category" doc:"a code of the category list, or the source's own word"`
	State      State      `json:"state" enum:"reported,accepted,dispatched,handled,verified,closed,held"`
	Address    string     `json:"address"`
	Department string     `json:"department"`
	ReportedAt time.Time  `json:"reported_at"`
	DueAt      *time.Time `json:"due_at" doc:"by when the next step is due; null while nothing is, as in one that is held"`
	ClosedAt   *time.Time `json:"closed_at"`
	Point      *geo.Point `json:"-"`
	Cell       *cell.Cell `json:"-"`
	Unit       string     `json:"unit" doc:"code of the unit responsible, empty outside all"`
	UnitName   string     `json:"unit_name" doc:"what that unit is called today"`
	UpdatedAt  time.Time  `json:"updated_at"`
	Text       string     `json:"text" doc:"of the report, at most 200 characters"`
	Accuracy   *float64   `json:"accuracy" doc:"metres, of the place; null when it is not known"`
	Private    bool       `json:"private" doc:"for nobody but those who work on it"`
	// Photos come by themselves (package photo), before the report or after it.
	PhotosExpected int `json:"photos_expected" doc:"photos that the report names"`
	PhotosArrived  int `json:"photos_arrived" doc:"those of them that are here"`
}

// Category is a class of incidents; large classes have no parent.
type Category struct {
	Code    string `json:"code"`
	Parent  string `json:"parent" doc:"empty for a large class"`
	TitleZh string `json:"title_zh"`
	TitleEn string `json:"title_en"`
	Hazard  bool   `json:"hazard" doc:"people may come to harm"`
}

// Faults of this package.
var (
	ErrUnknown  = fault.New(fault.NotFound, "incident_unknown", "There is no such incident.")
	ErrCategory = fault.New(fault.Invalid, "incident_category", "The category is not in the list. GET /api/v1/incident-categories shows it.")
	ErrPlace    = fault.New(fault.Invalid, "incident_place", "This is no possible place.")
	ErrPersonal = fault.New(fault.Invalid, "incident_personal", "A phone or identity number is not kept. Take out what is named.")
	ErrExists   = fault.New(fault.Conflict, "incident_exists", "Another incident has this id already.")
	ErrPhotos   = fault.New(fault.Invalid, "incident_photos", "A report has at most nine photos, each with an id of its own.")
	ErrPhoto    = fault.New(fault.Conflict, "incident_photo_used", "Another report has one of these photos already.")
	ErrTime     = fault.New(fault.Invalid, "incident_time", "Nothing was reported at that time: it lies in the future or before 2000.")
)

var columns = `
	i.id, i.source, i.source_id, i.category, i.state, i.address, i.department, i.reported_at, i.due_at, i.closed_at,
	i.point, i.cell, coalesce(u.code, ''),
	` + grid.NameOf("o.unit_id") + `,
	i.updated_at,
	i.text, i.accuracy, i.private,
	(SELECT count(*) FROM incident_photo l WHERE l.incident_id = i.id),
	(SELECT count(*) FROM incident_photo l JOIN photo p ON p.id = l.photo_id AND p.account_id = l.account_id WHERE l.incident_id = i.id AND p.arrived_at IS NOT NULL)`

const tables = `
	FROM incident i
	LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL
	LEFT JOIN unit u ON u.id = o.unit_id`

// readable is the SQL condition that actor may read an incident i that lies with the unit of
// o, as far as that is a matter of its being private: who reported it may, who has the duty
// of the post it is given to, and who dispatches there. Its parameters are readers(actor),
// from number n on. The database asks the same (migration 0041).
func readable(n int) string {
	p := func(i int) string { return "$" + strconv.Itoa(n+i) }
	return `(NOT i.private OR i.reporter_id = ` + p(0) + ` OR incident_post(i.id) = ANY (` + p(1) + `) OR ` + staff.In("coalesce(o.unit_id, i.area_id)", n+2) + `)`
}

func readers(actor staff.Actor) []any {
	duties := []int64{}
	for _, g := range actor.Grants {
		duties = append(duties, g.Post)
	}
	area := actor.Area(staff.Dispatch)
	return []any{actor.Account, duties, area.All, area.Roots}
}

// Get returns one incident, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) (Incident, error) {
	area := actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `SELECT`+columns+tables+` WHERE i.id = $1 AND `+staff.In("coalesce(o.unit_id, i.area_id)", 2)+` AND `+readable(4),
		append([]any{id, area.All, area.Roots}, readers(actor)...)...)
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Incident])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Incident{}, fmt.Errorf("incident %s: %w", id, err)
	}
	return got, nil
}

// Filter narrows a list; zero values do not.
type Filter struct {
	Unit     string // code: incidents of the unit and of all units below it
	State    State
	Open     bool   // all that are not closed
	Overdue  bool   // open, and the next step should have been taken
	Category string // a large class stands for its small ones too
	From, To time.Time
	Mine     bool // of posts that the actor holds
	DueFirst bool // by when the next step is due, those without a deadline last; else newest first
	// AfterTime and AfterID are of the last incident of the page before: when it was reported,
	// or with DueFirst when it is due (Never without a deadline).
	AfterTime time.Time
	AfterID   uuid.UUID
	Limit     int
	exported  bool // only those that the actor may take out in a file
}

const matching = `
	WHERE ($1 = '' OR i.state = $1)
	  AND (NOT $2 OR i.closed_at IS NULL)
	  AND ($3 = '' OR i.category = $3 OR i.category IN (SELECT code FROM incident_category WHERE parent = $3))
	  AND ($4::timestamptz IS NULL OR i.reported_at >= $4)
	  AND ($5::timestamptz IS NULL OR i.reported_at < $5)
	  AND (NOT $9 OR i.closed_at IS NULL AND i.due_at < now())
	  AND ($10::bigint[] IS NULL OR (SELECT d.post_id FROM incident_duty d WHERE d.incident_id = i.id ORDER BY d.ordinal DESC LIMIT 1) = ANY ($10))`

// The orders of a list, and what comes after the last incident of a page.
const (
	newestFirst = ` ORDER BY i.reported_at DESC, i.id DESC LIMIT $8`
	afterNewest = ` AND ($6::timestamptz IS NULL OR (i.reported_at, i.id) < ($6, $7))`
	dueFirst    = ` ORDER BY coalesce(i.due_at, '9999-12-31Z'), i.id LIMIT $8`
	afterDue    = ` AND ($6::timestamptz IS NULL OR (coalesce(i.due_at, '9999-12-31Z'), i.id) > ($6, $7))`
)

// Never is when an incident is due that has no deadline.
var Never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Due is by when the next step is due, or Never.
func (i Incident) Due() time.Time {
	if i.DueAt == nil {
		return Never
	}
	return *i.DueAt
}

// List returns incidents, newest first or by when they are due.
func List(ctx context.Context, db pg.DB, actor staff.Actor, f Filter) ([]Incident, error) {
	where, args, err := f.where(ctx, db, actor)
	if err != nil {
		return nil, err
	}
	order := newestFirst
	if f.DueFirst {
		order = dueFirst
	}
	rows, _ := db.Query(ctx, `SELECT`+columns+tables+where+order, args...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Incident])
	if err != nil {
		return nil, fmt.Errorf("incidents: %w", err)
	}
	return list, nil
}

// Count is how many incidents match, pages aside.
func Count(ctx context.Context, db pg.DB, actor staff.Actor, f Filter) (n int, err error) {
	f.AfterTime, f.Limit = time.Time{}, 1
	where, args, err := f.where(ctx, db, actor)
	if err != nil {
		return 0, err
	}
	if err := db.QueryRow(ctx, `SELECT count(*)`+tables+where+` LIMIT $8`, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count incidents: %w", err)
	}
	return n, nil
}

// Tally is how many incidents stand in a state.
type Tally struct {
	State   State `json:"state" enum:"reported,accepted,dispatched,handled,verified,closed,held"`
	Count   int   `json:"count"`
	Overdue int   `json:"overdue"`
}

// Tallies counts the incidents that match, by state.
func Tallies(ctx context.Context, db pg.DB, actor staff.Actor, f Filter) ([]Tally, error) {
	f.AfterTime, f.Limit = time.Time{}, 100
	where, args, err := f.where(ctx, db, actor)
	if err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `
		SELECT i.state, count(*), count(*) FILTER (WHERE i.closed_at IS NULL AND i.due_at < now())`+tables+where+` GROUP BY 1 ORDER BY 1 LIMIT $8`, args...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Tally])
	if err != nil {
		return nil, fmt.Errorf("incidents by state: %w", err)
	}
	return list, nil
}

// where is the condition of a filter with its parameters; the eighth is the limit.
func (f Filter) where(ctx context.Context, db pg.DB, actor staff.Actor) (where string, args []any, err error) {
	narrowed, more, err := ledger.Incidents.Narrow(ctx, db, actor, f.Unit, "i", 11)
	if err != nil {
		return "", nil, err
	}
	args = []any{string(f.State), f.Open, f.Category, orNull(f.From), orNull(f.To), orNull(f.AfterTime), f.AfterID, f.Limit, f.Overdue, f.posts(actor)}
	after := afterNewest
	if f.DueFirst {
		after = afterDue
	}
	args = append(args, more...)
	if f.exported {
		out, dispatched, n := actor.Area(staff.Export), actor.Area(staff.Dispatch), len(args)+1
		narrowed += ` AND (` + staff.In("coalesce(o.unit_id, i.area_id)", n) + ` OR ` + staff.In("coalesce(o.unit_id, i.area_id)", n+2) + `)`
		args = append(args, out.All, out.Roots, dispatched.All, dispatched.Roots)
	}
	return matching + after + narrowed + ` AND ` + readable(len(args)+1), append(args, readers(actor)...), nil
}

// posts are those of which an incident has to be one's; nil of any.
func (f Filter) posts(actor staff.Actor) []int64 {
	if !f.Mine {
		return nil
	}
	posts := []int64{}
	for _, g := range actor.Grants {
		if g.Post > 0 {
			posts = append(posts, g.Post)
		}
	}
	return posts
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Categories returns the list, large classes before their small ones.
func Categories(ctx context.Context, db pg.DB, _ staff.Actor) ([]Category, error) {
	rows, _ := db.Query(ctx, `
		SELECT code, coalesce(parent, ''), title_zh, title_en, hazard
		FROM incident_category ORDER BY coalesce(parent, code), code`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Category])
	if err != nil {
		return nil, fmt.Errorf("incident categories: %w", err)
	}
	return list, nil
}

// Hand is the source of incidents that were reported here.
const Hand = "hand"

// New is an incident to be reported.
type New struct {
	ID         uuid.UUID // chosen by the client, so that a repeated request is the same incident
	Category   string
	Address    string
	Text       string // at most 200 characters, without a phone or identity number
	ReportedAt time.Time
	Point      geo.Point
	Accuracy   *float64 // metres
	Private    bool
	Shift      *uuid.UUID // in which it was seen
	Photos     []uuid.UUID
}

// MaxPhotos is how many photos a report has at most.
const MaxPhotos = 9

// Report reports an incident and finds whose it is. The same id again from the same
// account returns the incident as it stands; created tells whether it is new. Its clock
// runs from now, when the server learned of it: nobody could have accepted it before.
// engine finds whose it is, also above what actor may see.
func Report(ctx context.Context, db, engine pg.DB, actor staff.Actor, n New, now time.Time) (got Incident, created bool, err error) {
	if n, err = n.check(now); err != nil {
		return Incident{}, false, fmt.Errorf("report incident: %w", err)
	}
	var reporter *int64
	if actor.Account != 0 {
		reporter = &actor.Account
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) (err error) {
		if created, err = n.enter(ctx, tx, Hand, actor.Area(staff.Record).Home(), reporter); err != nil || !created {
			return err
		}
		if err := ledger.Incidents.Within(ctx, tx, actor, staff.Record, []uuid.UUID{n.ID}); err != nil {
			return err
		}
		if err := n.name(ctx, tx, reporter); err != nil {
			return err
		}
		return n.begin(ctx, tx, engine, actor, now)
	})
	if err != nil {
		return Incident{}, false, fmt.Errorf("report incident: %w", err)
	}
	if !created {
		err = known(ctx, db, n, reporter)
	}
	if err == nil {
		got, err = Get(ctx, db, actor, n.ID)
	}
	if err != nil {
		return Incident{}, false, fmt.Errorf("report incident: %w", err)
	}
	return got, created, nil
}

// name writes which photos belong to a report.
func (n New) name(ctx context.Context, tx pgx.Tx, reporter *int64) error {
	if len(n.Photos) == 0 {
		return nil
	}
	if reporter == nil {
		return staff.ErrSignedOut // photos are an account's
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO incident_photo (incident_id, ordinal, account_id, photo_id)
		SELECT $1, n, $2, photo FROM unnest($3::uuid[]) WITH ORDINALITY AS p (photo, n)`, n.ID, *reporter, n.Photos)
	return faults.Of(err)
}

// enter puts a report into the ledger; false when its id is there already.
func (n New) enter(ctx context.Context, tx pgx.Tx, source string, area, reporter *int64) (bool, error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO incident (id, source, source_id, category, address, reported_at, point, cell, area_id, text, accuracy, private, shift_id, reporter_id)
		SELECT $1, $2, $1::uuid::text, code, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM incident_category WHERE code = $3
		ON CONFLICT DO NOTHING`,
		n.ID, source, n.Category, n.Address, n.ReportedAt, n.Point, ledger.CellOf(&n.Point), area, n.Text, n.Accuracy, n.Private, n.Shift, reporter)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	return true, ledger.Incidents.Assign(ctx, tx, []uuid.UUID{n.ID})
}

// begin takes the first step of a report that was entered, and finds whose it is.
func (n New) begin(ctx context.Context, tx pgx.Tx, engine pg.DB, actor staff.Actor, now time.Time) error {
	post, err := postOf(ctx, tx, actor, staff.Record, n.ID)
	if err != nil {
		return err
	}
	step := Taken{ID: n.ID, Ordinal: 1, Act: ToReport, After: Reported, At: now, Actor: actor.Name, Post: post}
	if err := take(ctx, tx, actor, n.ID, []Taken{step}); err != nil {
		return err
	}
	if err := decide(ctx, tx, engine, n.ID, now); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, actor, "report", "incident", n.ID.String(), map[string]any{"category": n.Category}); err != nil {
		return err
	}
	return ledger.Incidents.Raise(ctx, tx, []string{n.ID.String()})
}

// known returns nil when a report was taken from the same account before, and else why
// nothing was inserted.
func known(ctx context.Context, db pg.DB, n New, reporter *int64) error {
	var listed, same bool
	err := db.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM incident_category WHERE code = $2),
		       EXISTS (SELECT FROM incident WHERE id = $1 AND source = $3 AND reporter_id IS NOT DISTINCT FROM $4)`,
		n.ID, n.Category, Hand, reporter).Scan(&listed, &same)
	switch {
	case err == nil && !listed:
		return ErrCategory
	case err == nil && !same:
		return ErrExists
	}
	return err
}

// check returns the report as it is kept.
func (n New) check(now time.Time) (New, error) {
	n.Address = ledger.Clean(n.Address)
	n.Text = strings.TrimSpace(ledger.Clean(n.Text))
	if len([]rune(n.Text)) > maxText || len([]rune(n.Address)) > maxText {
		return n, ErrText
	}
	if numbers := append(personal("/address", n.Address), personal("/text", n.Text)...); len(numbers) > 0 {
		return n, ErrPersonal.With(numbers...)
	}
	switch {
	case !possible(n.Point):
		return n, ErrPlace
	case n.ReportedAt.Year() < 2000 || n.ReportedAt.After(now.Add(time.Hour)):
		return n, ErrTime
	case n.Accuracy != nil && !(*n.Accuracy >= 0 && *n.Accuracy <= 10_000):
		return n, ErrAccuracy
	case len(n.Photos) > MaxPhotos || repeats(n.Photos):
		return n, ErrPhotos
	}
	return n, nil
}

func repeats(ids []uuid.UUID) bool {
	seen := map[uuid.UUID]bool{}
	for _, id := range ids {
		if seen[id] {
			return true
		}
		seen[id] = true
	}
	return false
}

// maxText is how many characters the text of a report has at most, and the address.
const maxText = 200

// personal names each phone and identity number of a text, by where it stands and not by
// what it is.
func personal(pointer, text string) (places []fault.Place) {
	for _, f := range redact.Find(text) {
		from := utf8.RuneCountInString(text[:f.From])
		to := from + utf8.RuneCountInString(text[f.From:f.To])
		places = append(places, fault.Place{Pointer: pointer, Code: "personal_" + string(f.Kind),
			Detail: fmt.Sprintf("Characters %d to %d look like a number of the kind %s.", from+1, to, f.Kind)})
	}
	return places
}

// possible reports whether something can have been seen at a place: whole degrees are
// what a device says that knows none.
func possible(p geo.Point) bool {
	d := p.Degrees()
	return (d[0] != math.Trunc(d[0]) || d[1] != math.Trunc(d[1])) && math.Abs(d[0]) <= 180 && math.Abs(d[1]) <= 90
}
