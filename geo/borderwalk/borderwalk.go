// Package borderwalk sends people to the borders of a draft: points to look at in the
// field, and what was found there, which comes back to the draft.
//
// A planner chooses points, by hand or among those that Suggest finds, and makes a
// walk of them for a post, an account, or whoever may record there. In the field each
// point gets answers: the border is right, is wrong, or runs somewhere else; with a
// note and photos. An answer has the client's own id, so that a phone which was offline
// may send it as often as it likes. What somebody found changes nothing by itself: the
// planner is offered an edit of the draft (Found.Edit), and makes it or not.
//
// The points of a walk are ordered so that it is short in straight lines (order.go),
// which is not the same as short along the streets.
//
//	borderwalk.go  walks: made, listed, handed to somebody, removed
//	suggest.go     where a look is worth the way
//	order.go       a short order
//	answer.go      tasks, and what was found
//	photo.go       photos, with nothing of the camera left in them
//	upright.go     which side of a photo is up
//	gpx.go         a walk as a file for any device
package borderwalk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Walk is a round of points to look at.
type Walk struct {
	ID        int64     `json:"id"`
	Plan      int64     `json:"plan"`
	Revision  int       `json:"revision" doc:"of the draft, when the walk was made"`
	Name      string    `json:"name"`
	Post      *int64    `json:"post" doc:"whose task it is"`
	Account   *string   `json:"account" doc:"the sign-in name of whose task it is; with neither it is that of whoever may record there"`
	Metres    float64   `json:"metres" doc:"in straight lines, in its order"`
	Points    int       `json:"points"`
	Answered  int       `json:"answered" doc:"points with an answer"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

// Point is a place to look at.
type Point struct {
	ID       int64     `json:"id"`
	Walk     int64     `json:"walk"`
	WalkName string    `json:"walk_name"`
	Ordinal  int       `json:"ordinal" doc:"in the walk, from 1"`
	At       orb.Point `json:"at" doc:"[lon, lat]"`
	Question string    `json:"question"`
	Units    []int     `json:"units" doc:"ids of the draft's units that meet here"`
	Names    []string  `json:"names" doc:"theirs, when the walk was made"`
	State    string    `json:"state" enum:"open,right,wrong,moved" doc:"by its newest answer"`
}

// New asks for a walk.
type New struct {
	Name    string     `json:"name" minLength:"1" maxLength:"100"`
	Post    int64      `json:"post,omitempty" minimum:"0" doc:"whose task it is"`
	Account string     `json:"account,omitempty" maxLength:"100" doc:"the sign-in name of whose task it is, in place of a post"`
	Points  []NewPoint `json:"points" minItems:"1" maxItems:"100"`
}

// NewPoint is a place to look at, on a border of the draft or within 5 m of one.
type NewPoint struct {
	At       orb.Point `json:"at" doc:"[lon, lat]"`
	Question string    `json:"question" minLength:"1" maxLength:"300"`
}

// Bounds of walks.
const (
	MaxPoints = 100
	maxWalks  = 100 // of a plan
	// onBorder is how far from a border a point may be chosen; it is put on it.
	onBorder geo.Meters = 5
)

// Faults of walks.
var (
	ErrUnknown   = fault.New(fault.NotFound, "border_walk_unknown", "There is no such border walk.")
	ErrName      = fault.New(fault.Invalid, "border_walk_text", "A border walk has a name, and each point a question of up to 300 characters, without personal data.")
	ErrPoints    = fault.New(fault.Invalid, "border_walk_points", "A border walk has between 1 and 100 points.")
	ErrOffBorder = fault.New(fault.Invalid, "border_walk_off_border", "These points lie more than 5 m from every border of the draft.")
	ErrAssignee  = fault.New(fault.Invalid, "border_walk_assignee", "Choose a post, or an account, that may record at all points of the walk.")
	ErrTooMany   = fault.New(fault.TooMany, "border_walks_too_many", "There are too many border walks of this draft. Remove some first.")
)

// Make makes a walk for a draft, in a short order. db is the engine's: it looks at what
// somebody else may do.
//
// Errors: plan.ErrUnknown, plan.ErrNotDraft, ErrName, ErrPoints, ErrOffBorder with every
// such point, ErrAssignee, ErrTooMany.
func Make(ctx context.Context, db pg.DB, actor staff.Actor, of int64, n New) (w Walk, err error) {
	p, err := draft(ctx, db, actor, of)
	if err == nil {
		err = n.check()
	}
	if err != nil {
		return Walk{}, fmt.Errorf("border walk of plan %d: %w", of, err)
	}
	units, err := plan.Units(ctx, db, actor, of)
	if err != nil {
		return Walk{}, err
	}
	places, err := n.places(units)
	if err != nil {
		return Walk{}, fmt.Errorf("border walk of plan %d: %w", of, err)
	}
	order, metres := Order(places)
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var count int
		err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM border_walk w WHERE w.plan_id = p.id) FROM plan p WHERE p.id = $1 FOR UPDATE`, of).Scan(&count)
		if err != nil {
			return err
		}
		if count >= maxWalks {
			return ErrTooMany
		}
		err = tx.QueryRow(ctx, `
			INSERT INTO border_walk (plan_id, revision, area_id, unit_ids, name, metres, created_by)
			SELECT id, $2, area_id, '{}', $3, $4, $5 FROM plan WHERE id = $1 RETURNING id`, of, p.Revision, n.Name, float64(metres), actor.Name).Scan(&w.ID)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for i, k := range order {
			ordinals, names := meeting(units, places[k])
			batch.Queue(`
				INSERT INTO border_point (walk_id, ordinal, place, question, units, names, area_id, unit_ids)
				SELECT $1, $2, $3, $4, $5, $6, w.area_id, units_around($3, $7) FROM border_walk w WHERE w.id = $1`,
				w.ID, i+1, places[k], n.Points[k].Question, ordinals, names, geo.DayOf(time.Now()))
		}
		batch.Queue(`UPDATE border_walk SET unit_ids = (SELECT coalesce(array_agg(DISTINCT u), '{}') FROM border_point p, unnest(p.unit_ids) u WHERE p.walk_id = $1) WHERE id = $1`, w.ID)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if err := hand(ctx, tx, w.ID, n.Post, n.Account); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "make", "border-walk", fmt.Sprint(w.ID), map[string]any{"plan": of, "points": len(order)})
	})
	if err != nil {
		return Walk{}, fmt.Errorf("border walk of plan %d: %w", of, err)
	}
	return Get(ctx, db, actor, w.ID)
}

// draft is a plan that is one.
func draft(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (plan.Plan, error) {
	p, err := plan.Get(ctx, db, actor, id)
	if err == nil && p.State != plan.Draft {
		err = plan.ErrNotDraft
	}
	return p, err
}

func (n *New) check() error {
	if n.Name = strings.TrimSpace(n.Name); !fit(n.Name, 1, 100) {
		return ErrName
	}
	if len(n.Points) == 0 || len(n.Points) > MaxPoints {
		return ErrPoints
	}
	if n.Post != 0 && n.Account != "" {
		return ErrAssignee
	}
	n.Points = slices.Clone(n.Points)
	for i := range n.Points {
		q := &n.Points[i].Question
		if *q = strings.TrimSpace(*q); !fit(*q, 1, 300) {
			return ErrName
		}
	}
	return nil
}

// fit reports whether a text has a length and tells nothing of who somebody is.
func fit(text string, least, most int) bool {
	count := len([]rune(text))
	_, personal := sheet.LooksPersonal(text)
	return count >= least && count <= most && !personal
}

// places are the points of a walk, on the borders of the draft.
func (n *New) places(units []plan.Unit) ([]geo.Point, error) {
	places := make([]geo.Point, len(n.Points))
	var off []fault.Place
	for i, p := range n.Points {
		at, ok := geo.Point{}, possible(p.At)
		if ok {
			at, ok = nearest(units, geo.Snap(p.At))
		}
		if !ok {
			off = append(off, fault.Place{Pointer: fmt.Sprintf("points/%d", i), Code: "off_border", Detail: "no border within 5 m", At: (*[2]float64)(&p.At)})
		}
		places[i] = at
	}
	if off != nil {
		return nil, ErrOffBorder.With(off...)
	}
	return places, nil
}

func possible(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}

// hand makes a walk the task of a post, an account, or of whoever may record there. The
// one who gets it may record at every point.
func hand(ctx context.Context, tx pgx.Tx, id, post int64, login string) error {
	var mine bool
	err := tx.QueryRow(ctx, `
		WITH who AS (
			SELECT p.unit_id, k.may, p.id AS post_id, NULL::bigint AS account_id FROM post p JOIN post_kind k ON k.code = p.kind
			WHERE p.id = $2 AND (p.valid_to IS NULL OR p.valid_to > $4)
			UNION ALL
			SELECT g.unit_id, g.may, NULL, a.id FROM account a, grants_of(a.id) g WHERE a.login = $3 AND $3 <> ''),
		able AS (
			SELECT DISTINCT w.post_id, w.account_id FROM who w
			WHERE NOT EXISTS (
				SELECT FROM border_point p WHERE p.walk_id = $1 AND NOT EXISTS (
					SELECT FROM who o WHERE 'record' = ANY (o.may) AND (o.unit_id IS NULL OR EXISTS (
						SELECT FROM unit_ancestor a WHERE a.ancestor_id = o.unit_id AND a.unit_id = ANY (p.unit_ids)))))),
		set AS (
			UPDATE border_walk SET post_id = (SELECT post_id FROM able), account_id = (SELECT account_id FROM able)
			WHERE id = $1)
		SELECT EXISTS (SELECT FROM able)`, id, post, login, geo.DayOf(time.Now())).Scan(&mine)
	if err != nil {
		return err
	}
	if !mine && (post != 0 || login != "") {
		return ErrAssignee
	}
	return nil
}

// Hand gives a walk to a post or an account (0 and "" = whoever may record there). db is
// the engine's.
//
// Errors: ErrUnknown, ErrAssignee.
func Hand(ctx context.Context, db pg.DB, actor staff.Actor, id, post int64, login string) (Walk, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := planned(ctx, tx, actor, id); err != nil {
			return err
		}
		if post != 0 && login != "" {
			return ErrAssignee
		}
		if err := hand(ctx, tx, id, post, login); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "hand", "border-walk", fmt.Sprint(id), map[string]any{"post": post, "account": login != ""})
	})
	if err != nil {
		return Walk{}, fmt.Errorf("border walk %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// Remove removes a walk with all that was found on it.
func Remove(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := planned(ctx, tx, actor, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM border_walk WHERE id = $1`, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "delete", "border-walk", fmt.Sprint(id), nil)
	})
	if err != nil {
		return fmt.Errorf("border walk %d: %w", id, err)
	}
	return nil
}

// planned returns ErrUnknown unless the actor plans where a walk is.
func planned(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	area := actor.Area(staff.Plan)
	var ok bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM border_walk w WHERE w.id = $1 AND `+staff.In("w.area_id", 2)+`)`, id, area.All, area.Roots).Scan(&ok)
	if err == nil && !ok {
		err = ErrUnknown
	}
	return err
}

// seen is the condition that the actor plans where a walk or point t is, or may record
// in one of its units; with the arguments of seenBy from n on.
func seen(t string, n int) string {
	return "(" + staff.In(t+".area_id", n) + " OR " + recorded(t, n+2) + ")"
}

// recorded is the second half of it, with two arguments.
func recorded(t string, n int) string {
	return fmt.Sprintf(`($%d OR EXISTS (SELECT FROM unnest(%s.unit_ids) AS u (id) WHERE %s))`, n, t, staff.Below("u.id", n+1))
}

func seenBy(actor staff.Actor) []any {
	plan, record := actor.Area(staff.Plan), actor.Area(staff.Record)
	return []any{plan.All, plan.Roots, record.All, record.Roots}
}

const walkColumns = `
	w.id, w.plan_id, w.revision, w.name, w.post_id, (SELECT a.login FROM account a WHERE a.id = w.account_id), w.metres,
	(SELECT count(*) FROM border_point p WHERE p.walk_id = w.id),
	(SELECT count(*) FROM border_point p WHERE p.walk_id = w.id AND EXISTS (SELECT FROM border_answer a WHERE a.point_id = p.id)),
	w.created_by, w.created_at`

// Get returns a walk, for who plans there or may record at one of its points.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Walk, error) {
	rows, _ := db.Query(ctx, `SELECT`+walkColumns+` FROM border_walk w WHERE w.id = $1 AND `+seen("w", 2), append([]any{id}, seenBy(actor)...)...)
	w, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Walk])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Walk{}, fmt.Errorf("border walk %d: %w", id, err)
	}
	return w, nil
}

// List returns the walks of a plan, newest first, for who plans there.
func List(ctx context.Context, db pg.DB, actor staff.Actor, of int64) ([]Walk, error) {
	if _, err := plan.Get(ctx, db, actor, of); err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `SELECT`+walkColumns+` FROM border_walk w WHERE w.plan_id = $1 ORDER BY w.id DESC`, of)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Walk])
	if err != nil {
		return nil, fmt.Errorf("border walks of plan %d: %w", of, err)
	}
	return list, nil
}

const pointColumns = `
	p.id, p.walk_id, w.name, p.ordinal, p.place, p.question, p.units, p.names,
	coalesce((SELECT a.verdict FROM border_answer a WHERE a.point_id = p.id ORDER BY least(a.answered_at, a.received_at) DESC, a.id LIMIT 1), 'open')
	FROM border_point p JOIN border_walk w ON w.id = p.walk_id`

func scanPoint(row pgx.CollectableRow) (p Point, err error) {
	var at geo.Point
	err = row.Scan(&p.ID, &p.Walk, &p.WalkName, &p.Ordinal, &at, &p.Question, &p.Units, &p.Names, &p.State)
	p.At = at.Degrees()
	return p, err
}

// Points returns the points of a walk in its order, as far as the actor may see them.
func Points(ctx context.Context, db pg.DB, actor staff.Actor, walk int64) ([]Point, error) {
	if _, err := Get(ctx, db, actor, walk); err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `SELECT`+pointColumns+` WHERE p.walk_id = $1 AND `+seen("p", 2)+` ORDER BY p.ordinal`, append([]any{walk}, seenBy(actor)...)...)
	list, err := pgx.CollectRows(rows, scanPoint)
	if err != nil {
		return nil, fmt.Errorf("points of border walk %d: %w", walk, err)
	}
	return list, nil
}
