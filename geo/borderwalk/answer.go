package borderwalk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Verdict says what was found at a point.
type Verdict string

// The verdicts.
const (
	Right Verdict = "right" // the border is where the draft has it
	Wrong Verdict = "wrong" // it is not, and where it is is not known
	Moved Verdict = "moved" // it runs somewhere else: Answer.Place
)

// Answer is what somebody found at a point.
type Answer struct {
	ID      uuid.UUID  `json:"id"`
	Point   int64      `json:"point"`
	Walk    int64      `json:"walk"`
	Verdict Verdict    `json:"verdict" enum:"right,wrong,moved"`
	Place   *orb.Point `json:"place" doc:"[lon, lat] where the border really runs; null unless it moved"`
	Note    string     `json:"note"`
	At      time.Time  `json:"answered_at" doc:"by the clock of the phone"`
	Ahead   bool       `json:"ahead" doc:"that clock was ahead of ours by more than two minutes"`
	Got     time.Time  `json:"received_at"`
	By      string     `json:"answered_by" doc:"as in the audit: account:12"`
	// Photos are those there are still; they do not outlive the draft for long.
	Photos []uuid.UUID `json:"photos" doc:"ids; they are deleted some time after the plan is published or abandoned"`
}

// Finding is what is said of a point.
type Finding struct {
	ID      string     `json:"id" format:"uuid" doc:"your own for this answer; sent again it is not kept twice"`
	Verdict Verdict    `json:"verdict" enum:"right,wrong,moved"`
	Place   *orb.Point `json:"place,omitempty" doc:"[lon, lat] where the border really runs, of moved"`
	Note    string     `json:"note,omitempty" maxLength:"500" doc:"no names, no phone numbers"`
	At      *time.Time `json:"answered_at,omitempty" doc:"when it was found, by your clock; now when absent"`
}

// Faults of answers.
var (
	ErrPoint   = fault.New(fault.NotFound, "border_point_unknown", "There is no such point, or you may not record there.")
	ErrAnswer  = fault.New(fault.NotFound, "border_answer_unknown", "There is no such answer of yours.")
	ErrTaken   = fault.New(fault.Conflict, "border_answer_taken", "This id is taken. Give the answer or the photo another one.")
	ErrFinding = fault.New(fault.Invalid, "border_answer_unfit", "An answer is right, wrong or moved; with the place, within 1 km of the point, if it moved, and with none otherwise.")
	ErrNote    = fault.New(fault.Invalid, "border_answer_note", "A note has up to 500 characters and tells nothing of who somebody is: no phone, identity or card number.")
	ErrKey     = fault.New(fault.Invalid, "border_answer_key", "An answer, and a photo, has an id of your own, a UUID, so that it is never kept twice.")
)

const (
	skew             = 2 * time.Minute // between the clocks of a phone and ours
	farthest         = 1000            // metres that a border may have moved
	maxAnswers       = 50              // at a point
	oldest           = 400 * 24 * time.Hour
	answerColumns    = `a.id, a.point_id, p.walk_id, a.verdict, a.place, a.note, a.answered_at, a.received_at, a.answered_by, (SELECT coalesce(array_agg(f.id ORDER BY f.received_at, f.id), '{}') FROM border_photo f WHERE f.answer_id = a.id)`
	answerTables     = ` FROM border_answer a JOIN border_point p ON p.id = a.point_id`
	sameBorder       = 1.0 // metres between a point that was looked at and the border it is of
	newestAnswerLast = ` ORDER BY least(a.answered_at, a.received_at), a.id`
)

func scanAnswer(row pgx.CollectableRow) (a Answer, err error) {
	var place *geo.Point
	err = row.Scan(&a.ID, &a.Point, &a.Walk, &a.Verdict, &place, &a.Note, &a.At, &a.Got, &a.By, &a.Photos)
	if place != nil {
		at := place.Degrees()
		a.Place = &at
	}
	a.Ahead = a.At.After(a.Got.Add(skew))
	return a, err
}

// Tasks returns the points without an answer at which the actor may record: those of
// walks that are theirs or nobody's; all also those of walks that somebody else has.
// They come walk by walk, in its order, after a point (0 = from the first on).
func Tasks(ctx context.Context, db pg.DB, actor staff.Actor, all bool, after int64, limit int) ([]Point, error) {
	record := actor.Area(staff.Record)
	posts := []int64{}
	for _, g := range actor.Grants {
		posts = append(posts, g.Post)
	}
	rows, _ := db.Query(ctx, `SELECT`+pointColumns+`
		WHERE `+recorded("p", 1)+` AND NOT EXISTS (SELECT FROM border_answer a WHERE a.point_id = p.id)
		  AND ($3 OR w.post_id = ANY ($4) OR w.account_id = $5 OR w.post_id IS NULL AND w.account_id IS NULL)
		  AND p.id > $6
		ORDER BY p.id LIMIT $7`, record.All, record.Roots, all, posts, actor.Account, after, limit)
	list, err := pgx.CollectRows(rows, scanPoint)
	if err != nil {
		return nil, fmt.Errorf("border tasks: %w", err)
	}
	return list, nil
}

// Say keeps what somebody found at a point. Sent again with the same id it is what was
// kept the first time.
//
// Errors: ErrKey, ErrFinding, ErrNote, ErrPoint, ErrTaken.
func Say(ctx context.Context, db pg.DB, actor staff.Actor, point int64, f Finding) (Answer, error) {
	id, err := uuid.Parse(f.ID)
	if err != nil || id == uuid.Nil {
		return Answer{}, ErrKey
	}
	if f.Note = strings.TrimSpace(f.Note); !fit(f.Note, 0, 500) {
		return Answer{}, ErrNote
	}
	known := f.Verdict == Right || f.Verdict == Wrong || f.Verdict == Moved
	if !known || (f.Verdict == Moved) != (f.Place != nil) || f.Place != nil && !possible(*f.Place) {
		return Answer{}, ErrFinding
	}
	at := time.Now()
	if f.At != nil {
		at = *f.At
	}
	if at.After(time.Now().Add(oldest)) || at.Before(time.Now().Add(-oldest)) { // no clock of this year
		return Answer{}, ErrFinding
	}
	var place *geo.Point
	if f.Place != nil {
		p := geo.Snap(*f.Place)
		place = &p
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		record := actor.Area(staff.Record)
		var where geo.Point
		var walk int64
		var count int
		err := tx.QueryRow(ctx, `
			SELECT p.place, p.walk_id, (SELECT count(*) FROM border_answer a WHERE a.point_id = p.id AND a.id <> $4)
			FROM border_point p WHERE p.id = $1 AND `+recorded("p", 2), point, record.All, record.Roots, id).Scan(&where, &walk, &count)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrPoint
		case err != nil:
			return err
		case place != nil && geo.Distance(where.Degrees(), place.Degrees()) > farthest:
			return ErrFinding
		case count >= maxAnswers:
			return ErrTooMany
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO border_answer (id, point_id, verdict, place, note, answered_at, answered_by, account_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8::bigint, 0)) ON CONFLICT (id) DO NOTHING`,
			id, point, f.Verdict, place, f.Note, at, actor.Name, actor.Account)
		if err != nil || tag.RowsAffected() == 0 {
			return err // it was sent before
		}
		return audit.Write(ctx, tx, actor, "answer", "border-walk", fmt.Sprint(walk), map[string]any{"point": point, "verdict": string(f.Verdict)})
	})
	if err != nil {
		return Answer{}, fmt.Errorf("answer at border point %d: %w", point, err)
	}
	a, err := own(ctx, db, actor, id)
	if errors.Is(err, ErrAnswer) || err == nil && a.Point != point {
		err = ErrTaken
	}
	return a, err
}

// own is an answer that the actor gave.
func own(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) (Answer, error) {
	rows, _ := db.Query(ctx, `SELECT `+answerColumns+answerTables+` WHERE a.id = $1 AND a.answered_by = $2`, id, actor.Name)
	a, err := pgx.CollectExactlyOneRow(rows, scanAnswer)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrAnswer
	}
	if err != nil {
		return Answer{}, fmt.Errorf("answer %s: %w", id, err)
	}
	return a, nil
}

// Found is an answer with where it was given, as it comes back to the draft.
type Found struct {
	Answer
	WalkName string    `json:"walk_name"`
	At       orb.Point `json:"at" doc:"[lon, lat] of the point that was looked at"`
	Question string    `json:"question"`
	Units    []int     `json:"units" doc:"ids of the draft's units that met here when the walk was made"`
	Edit     *Edit     `json:"edit" doc:"of moved: what would bring the draft's border there; send it to /plans/{id}/edits if you agree. Null when the border is not there any more"`
}

// Edit is an edit that a planner may make.
type Edit struct {
	Kind topology.OpKind `json:"kind" enum:"move_point,add_point"`
	At   *orb.Point      `json:"at,omitempty" doc:"of move_point: the border point"`
	Edge []orb.Point     `json:"edge,omitempty" doc:"of add_point, where the place is no border point: two points that follow each other on the border"`
	To   orb.Point       `json:"to" doc:"where the border was found"`
}

// FoundOn returns what was found on the walks of a plan, oldest first, for who plans
// there.
func FoundOn(ctx context.Context, db pg.DB, actor staff.Actor, of int64) ([]Found, error) {
	p, err := plan.Get(ctx, db, actor, of)
	if err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `SELECT `+answerColumns+`, w.name, p.place, p.question, p.units`+answerTables+` JOIN border_walk w ON w.id = p.walk_id WHERE w.plan_id = $1`+newestAnswerLast, of)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Found, err error) {
		var at geo.Point
		var place *geo.Point
		a := &f.Answer
		err = row.Scan(&a.ID, &a.Point, &a.Walk, &a.Verdict, &place, &a.Note, &a.At, &a.Got, &a.By, &a.Photos, &f.WalkName, &at, &f.Question, &f.Units)
		if f.At = at.Degrees(); place != nil {
			to := place.Degrees()
			a.Place = &to
		}
		a.Ahead = a.At.After(a.Got.Add(skew))
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("answers on plan %d: %w", of, err)
	}
	if p.State != plan.Draft {
		return list, nil
	}
	var units []plan.Unit
	for i := range list {
		if list[i].Verdict != Moved {
			continue
		}
		if units == nil {
			if units, err = plan.Units(ctx, db, actor, of); err != nil {
				return nil, err
			}
		}
		list[i].Edit = editOf(units, geo.Snap(list[i].At), *list[i].Place)
	}
	return list, nil
}

// editOf is the edit that brings the border from a place to another: it moves the
// border point there, or else gives the border a new one.
func editOf(units []plan.Unit, at geo.Point, to orb.Point) *Edit {
	vertex, stretch := geo.Point{}, [2]geo.Point{}
	nearestVertex, nearestStretch := geo.Meters(sameBorder), geo.Meters(sameBorder)
	for _, u := range around(units, at, sameBorder) {
		eachEdge(u.Area, func(p, q geo.Point) {
			if away := geo.Distance(at.Degrees(), p.Degrees()); away < nearestVertex {
				nearestVertex, vertex = away, p
			}
			if here, ok := topology.SnapTo(at, [][]geo.Point{{p, q}}, nearestStretch); ok {
				if away := geo.Distance(at.Degrees(), here.Degrees()); away < nearestStretch {
					nearestStretch, stretch = away, [2]geo.Point{p, q}
				}
			}
		})
	}
	switch {
	case nearestVertex < sameBorder:
		from := vertex.Degrees()
		return &Edit{Kind: topology.MovePoint, At: &from, To: to}
	case nearestStretch < sameBorder:
		return &Edit{Kind: topology.AddPoint, Edge: []orb.Point{stretch[0].Degrees(), stretch[1].Degrees()}, To: to}
	}
	return nil
}
