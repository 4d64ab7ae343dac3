package patrol

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/track"
)

// Faults of supervising.
var (
	ErrWhy  = fault.New(fault.Invalid, "replay_reason", "Say why you look: safety, complaint, incident or asked, and at most 100 characters without a phone or identity number.")
	ErrUnit = fault.New(fault.NotFound, "shift_unit", "There is no such unit where you supervise.")
)

// Duty is a shift as who supervises sees it: by post, and without a person.
type Duty struct {
	No        int64      `json:"no"`
	Post      int64      `json:"post"`
	Kind      string     `json:"kind" doc:"of the post"`
	Unit      string     `json:"unit" doc:"code of the post's unit; empty = the whole installation"`
	UnitName  string     `json:"unit_name" doc:"what that unit is called today"`
	Transport string     `json:"transport" enum:"foot,bicycle,car"`
	Members   int        `json:"members" doc:"of the team, beside the one who records"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
	Spans     []Span     `json:"spans"`
	Fixes     int        `json:"fixes"`
	Incidents int        `json:"incidents" doc:"reported in it"`
	Visits    int        `json:"visits"`
	Marks     int        `json:"marks" doc:"at checkpoints"`
	Replays   int        `json:"replays" doc:"how often its track was looked at"`
}

// Duties returns the shifts that began in a time, in a unit (code; "" = wherever the
// actor supervises) and below it, the newest first, after the last of the page before.
func Duties(ctx context.Context, db pg.DB, actor staff.Actor, unit string, from, to time.Time, after *Duty, limit int) ([]Duty, error) {
	if err := actor.Must(staff.Supervise); err != nil {
		return nil, err
	}
	area := actor.Area(staff.Supervise)
	var id *int64
	if unit != "" {
		err := db.QueryRow(ctx, `SELECT id FROM unit u WHERE code = $1 AND `+staff.In("u.id", 2), unit, area.All, area.Roots).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrUnit
		}
		if err != nil {
			return nil, fmt.Errorf("shifts of %s: %w", unit, err)
		}
	}
	if after == nil {
		after = &Duty{}
	}
	rows, _ := db.Query(ctx, `
		SELECT s.no, s.post_id, s.kind, coalesce(u.code, ''), `+grid.NameOf("s.unit_id")+`, s.transport, s.members, s.started_at, s.ended_at, s.spans, s.fixes, s.incidents, s.visits, s.marks, s.replays
		FROM supervised_shifts($1, $2, $3, $4, $5, $6) s LEFT JOIN unit u ON u.id = s.unit_id
		WHERE `+staff.In("s.unit_id", 7)+` ORDER BY s.started_at DESC, s.no DESC`, id, from, to, after.StartedAt, after.No, limit, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d Duty, err error) {
		var on multirange
		err = row.Scan(&d.No, &d.Post, &d.Kind, &d.Unit, &d.UnitName, &d.Transport, &d.Members, &d.StartedAt, &d.EndedAt, &on, &d.Fixes, &d.Incidents, &d.Visits, &d.Marks, &d.Replays)
		d.Spans = spansOf(on)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("shifts of %s: %w", unit, err)
	}
	return list, nil
}

// Why is why somebody looks at the track of another.
type Why struct {
	Reason string `json:"reason" enum:"safety,complaint,incident,asked" doc:"somebody may be in danger; a complaint; an incident; the officer asked for it"`
	Note   string `json:"note,omitempty" maxLength:"100" doc:"names nobody; refused when it holds a phone or identity number"`
}

func (w Why) check() error {
	_, personal := sheet.LooksPersonal(w.Note)
	known := w.Reason == "safety" || w.Reason == "complaint" || w.Reason == "incident" || w.Reason == "asked"
	if !known || personal || len([]rune(w.Note)) > 100 || strings.ContainsAny(w.Note, "\x00\n") {
		return ErrWhy
	}
	return nil
}

// Seen is a place of a track that counts.
type Seen struct {
	At       time.Time `json:"at"`
	Place    orb.Point `json:"place" doc:"[lon, lat]"`
	Accuracy *float64  `json:"accuracy" doc:"metres; null = not told"`
	Segment  int       `json:"segment" doc:"from 0; between two of them nobody knows the way, or there was a pause"`
}

// Acted is that something was done in a shift.
type Acted struct {
	What string    `json:"what" enum:"incident,visit,mark" doc:"reported, made, marked at a checkpoint"`
	At   time.Time `json:"at"`
	Name string    `json:"name" doc:"the category of an incident, the name of a checkpoint; empty of a visit and of a private incident"`
}

// Course is where a post was on duty, and what it did.
type Course struct {
	Fixes []Seen  `json:"fixes" doc:"those that count, by time"`
	Acts  []Acted `json:"acts" doc:"by time"`
}

// Replay returns the track of another's shift, for who supervises its unit and says why.
// That somebody looked is recorded, and its officer reads who and why.
//
// Errors: ErrWhy, ErrShift.
func Replay(ctx context.Context, db pg.DB, actor staff.Actor, no int64, why Why) (t Course, err error) {
	if err := actor.Must(staff.Supervise); err != nil {
		return Course{}, err
	}
	if err := why.check(); err != nil {
		return Course{}, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Supervise)
		var may bool
		// The shift itself is its officer's: the database says only whether one supervises it.
		if err := tx.QueryRow(ctx, `SELECT supervises($1)`, no).Scan(&may); err != nil {
			return err
		}
		if !may && !area.All || area.Empty() {
			return ErrShift
		}
		var post *int64
		var kind staff.Kind
		for _, g := range actor.Grants {
			if g.Post > 0 && post == nil && (staff.Actor{Grants: []staff.Grant{g}}).May(staff.Supervise) {
				post, kind = &g.Post, g.Kind
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO replay (shift_no, account_id, post_id, kind, reason, note) VALUES ($1, $2, $3, $4, $5, $6)`, no, actor.Account, post, string(kind), why.Reason, why.Note)
		if pg.ErrCode(err, "42501") || pg.ErrCode(err, "23503") {
			return ErrShift
		}
		if err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "replay", "shift", strconv.FormatInt(no, 10), map[string]any{"reason": why.Reason}); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `SELECT at, x, y, accuracy::float8 FROM replayed($1, $2)`, no, MaxTrack)
		t.Fixes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Seen, err error) {
			var at geo.Point
			var accuracy float64
			err = row.Scan(&s.At, &at.X, &at.Y, &accuracy)
			if s.Place = at.Degrees(); accuracy > 0 {
				s.Accuracy = &accuracy
			}
			return s, err
		})
		if err != nil {
			return err
		}
		return t.acts(ctx, tx, no)
	})
	if err != nil {
		return Course{}, fmt.Errorf("replay shift %d: %w", no, err)
	}
	return t, nil
}

// acts adds what was done in a shift, and cuts its track where a pause begins and where
// nobody knows where the way went on.
func (t *Course) acts(ctx context.Context, tx pgx.Tx, no int64) error {
	var on Shift
	t.Acts = []Acted{}
	var what, name string
	var at time.Time
	var until *time.Time
	rows, _ := tx.Query(ctx, `SELECT what, at, until, name FROM replayed_acts($1, $2)`, no, mostActs)
	_, err := pgx.ForEachRow(rows, []any{&what, &at, &until, &name}, func() error {
		if until != nil {
			on.Spans = append(on.Spans, Span{at, *until})
		} else {
			t.Acts = append(t.Acts, Acted{what, at, name})
		}
		return nil
	})
	for i := range t.Fixes[min(1, len(t.Fixes)):] {
		last, this := t.Fixes[i], &t.Fixes[i+1]
		if this.Segment = last.Segment; this.At.Sub(last.At) > track.Usual.Gap || on.spanOf(this.At) != on.spanOf(last.At) {
			this.Segment++
		}
	}
	return err
}

// mostActs is how many acts of a shift, and times on duty, are replayed.
const mostActs = 2000

// Replayed is that somebody looked at a track.
type Replayed struct {
	At      time.Time `json:"at"`
	Account int64     `json:"account"`
	Kind    string    `json:"kind" doc:"of the post by which; empty without one"`
	Reason  string    `json:"reason" enum:"safety,complaint,incident,asked"`
	Note    string    `json:"note"`
}

// Replays are who looked at one of the actor's own shifts, and why, in order.
func Replays(ctx context.Context, db pg.DB, actor staff.Actor, s Shift) ([]Replayed, error) {
	rows, _ := db.Query(ctx, `
		SELECT r.at, r.account_id, r.kind, r.reason, r.note
		FROM replay r JOIN shift s ON s.no = r.shift_no AND s.account_id = $2
		WHERE r.shift_no = $1 ORDER BY r.id`, s.No, actor.Account)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Replayed])
	if err != nil {
		return nil, fmt.Errorf("replays of shift %s: %w", s.ID, err)
	}
	return append([]Replayed{}, list...), nil
}
