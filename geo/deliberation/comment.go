package deliberation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Comment is a remark about a place of a plan. A resident's waits until somebody who
// plans has read it; nothing is kept of who it was.
type Comment struct {
	ID         int64        `json:"id"`
	Point      geo.Point    `json:"-"`
	Body       string       `json:"body"`
	Resident   bool         `json:"resident"`
	State      CommentState `json:"state" enum:"waiting,shown,hidden"`
	By         string       `json:"made_by" doc:"as in the audit: account:12; public of a resident"`
	At         time.Time    `json:"made_at"`
	ResolvedBy *string      `json:"resolved_by"`
	ResolvedAt *time.Time   `json:"resolved_at"`
}

// CommentState says who sees a comment.
type CommentState string

// The states.
const (
	Waiting CommentState = "waiting" // a resident's that nobody has read
	Shown   CommentState = "shown"
	Hidden  CommentState = "hidden" // not let through
)

// Bounds of comments.
const (
	MaxBody     = 1000 // characters
	maxOpen     = 500  // of staff, open at a time, per plan
	maxResident = 2000 // of residents, per plan
)

// Faults of comments.
var (
	ErrComment   = fault.New(fault.NotFound, "comment_unknown", "There is no such comment.")
	ErrBody      = fault.New(fault.Invalid, "comment_body", "A comment has between 1 and 1,000 characters.")
	ErrPersonal  = fault.New(fault.Invalid, "comment_personal", "This looks like a phone, identity or bank card number. Leave out whatever tells who somebody is: comments are shown to everybody.")
	ErrTooMany   = fault.New(fault.TooMany, "comments_too_many", "There are too many open comments on this plan. Resolve some first.")
	ErrElsewhere = fault.New(fault.Invalid, "comment_elsewhere", "This place lies outside the plan.")
)

func checked(body string) (string, error) {
	body = strings.TrimSpace(body)
	if n := len([]rune(body)); n == 0 || n > MaxBody {
		return "", ErrBody
	}
	if _, personal := sheet.LooksPersonal(body); personal {
		return "", ErrPersonal
	}
	return body, nil
}

const commentColumns = `c.id, c.point, c.body, c.resident, c.state, c.made_by, c.made_at, c.resolved_by, c.resolved_at`

// Comments returns those of a plan, oldest first: of a state ("" = any), after a
// comment.
func Comments(ctx context.Context, db pg.DB, actor staff.Actor, plan int64, state CommentState, after int64, limit int) ([]Comment, error) {
	if _, err := Of(ctx, db, actor, plan); err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `SELECT `+commentColumns+` FROM plan_comment c
		WHERE c.plan_id = $1 AND ($2 = '' OR c.state = $2) AND c.id > $3 ORDER BY c.id LIMIT $4`, plan, string(state), after, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Comment])
	if err != nil {
		return nil, fmt.Errorf("comments on plan %d: %w", plan, err)
	}
	return list, nil
}

// Say pins a comment of staff on a place.
func Say(ctx context.Context, db pg.DB, actor staff.Actor, plan int64, at geo.Point, body string) (Comment, error) {
	body, err := checked(body)
	if err != nil {
		return Comment{}, err
	}
	var c Comment
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := Of(ctx, tx, actor, plan); err != nil {
			return err
		}
		var open int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM plan_comment WHERE plan_id = $1 AND NOT resident AND resolved_at IS NULL`, plan).Scan(&open); err != nil {
			return err
		}
		if open >= maxOpen {
			return ErrTooMany
		}
		rows, _ := tx.Query(ctx, `INSERT INTO plan_comment AS c (plan_id, point, body, made_by) VALUES ($1, $2, $3, $4) RETURNING `+commentColumns, plan, at, body, actor.Name)
		if c, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Comment]); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "comment", "plan", fmt.Sprint(plan), map[string]any{"comment": c.ID})
	})
	if err != nil {
		return Comment{}, fmt.Errorf("comment on plan %d: %w", plan, err)
	}
	return c, nil
}

// Verdict is what somebody who plans does about a comment.
type Verdict struct {
	State    *CommentState `json:"state,omitempty" enum:"shown,hidden" doc:"of a resident's: let it through or not"`
	Resolved *bool         `json:"resolved,omitempty"`
}

// Judge lets a resident's comment through or hides it, and resolves or reopens a
// comment.
func Judge(ctx context.Context, db pg.DB, actor staff.Actor, plan, id int64, v Verdict) (Comment, error) {
	var c Comment
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := Of(ctx, tx, actor, plan); err != nil {
			return err
		}
		var state *string
		if v.State != nil && (*v.State == Shown || *v.State == Hidden) {
			state = (*string)(v.State)
		}
		rows, _ := tx.Query(ctx, `
			UPDATE plan_comment c SET
				state = CASE WHEN c.resident THEN coalesce($3, c.state) ELSE c.state END,
				judged_by = CASE WHEN c.resident AND $3 IS NOT NULL THEN $5 ELSE c.judged_by END,
				resolved_by = CASE WHEN $4 THEN $5 WHEN NOT $4 THEN NULL ELSE c.resolved_by END,
				resolved_at = CASE WHEN $4 THEN now() WHEN NOT $4 THEN NULL ELSE c.resolved_at END
			WHERE c.plan_id = $1 AND c.id = $2
			RETURNING `+commentColumns, plan, id, state, v.Resolved, actor.Name)
		var err error
		if c, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Comment]); errors.Is(err, pgx.ErrNoRows) {
			err = ErrComment
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "judge", "plan", fmt.Sprint(plan), map[string]any{"comment": id, "state": c.State, "resolved": c.ResolvedAt != nil})
	})
	if err != nil {
		return Comment{}, fmt.Errorf("comment %d on plan %d: %w", id, plan, err)
	}
	return c, nil
}
