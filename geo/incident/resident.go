package incident

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/redact"
	"wangge/geo/serves"
	"wangge/geo/staff"
	"wangge/geo/worktime"
)

// Resident is the source of incidents that somebody without an account reported.
const Resident = "resident"

// Words are a report of somebody without an account. Who reports is not asked.
type Words struct {
	ID       uuid.UUID `json:"id" format:"uuid" doc:"chosen by the client, so that a repeated request is the same report"`
	Category string    `json:"category" maxLength:"100" doc:"of GET /api/v1/public/incident-categories"`
	serves.Question
	Text    string `json:"text,omitempty" maxLength:"200" doc:"phone and identity numbers are taken out of it"`
	Private bool   `json:"private,omitempty" doc:"only those who work on it read it, and it is in no public list"`
}

// Receipt is what a resident has in hand of a report.
type Receipt struct {
	Code     string `json:"code" doc:"with it, and nothing else, the report is looked up"`
	Redacted int    `json:"redacted" doc:"phone and identity numbers that were taken out"`
	Standing
}

// Standing is how a report stands, as its reporter may know.
type Standing struct {
	Number   string          `json:"number" doc:"what it is called in public"`
	Category string          `json:"category"`
	TitleZh  string          `json:"title_zh" doc:"of the category"`
	TitleEn  string          `json:"title_en"`
	State    OpenState       `json:"state" enum:"received,in-hand,closed"`
	Day      geo.Day         `json:"day" doc:"of the report"`
	Changed  geo.Day         `json:"changed" doc:"of the last step"`
	Reason   *Reason         `json:"reason" doc:"why it was closed; null while it is not"`
	Unit     string          `json:"unit" doc:"name of the unit that answers for the place"`
	PostZh   string          `json:"post_zh" doc:"title of the post it is given to; never a person"`
	PostEn   string          `json:"post_en"`
	DueAt    *time.Time      `json:"due_at" doc:"by when the next step is due; null while nothing is"`
	Photos   int             `json:"photos" doc:"how many of its reporter have arrived; at most three"`
	Limit    *worktime.Limit `json:"limit" doc:"how long that step may take; null while nothing is due"`
}

// Faults of residents' reports.
var (
	ErrReportOff = fault.New(fault.Forbidden, "public_report_off", "Reports of residents are switched off here. An administrator can switch them on.")
	ErrFull      = fault.New(fault.TooMany, "public_report_full", "This town takes no more reports today. Call the office, or come back tomorrow.")
	ErrReceipt   = fault.New(fault.NotFound, "receipt_unknown", "There is no report with this code. Reports are forgotten some months after they are closed.")
)

// Opened returns what is open to everybody, among it the reports of residents; ErrReportOff.
func Opened(ctx context.Context, db pg.DB) (serves.Offer, error) {
	offer, err := serves.Offered(ctx, db)
	if err == nil && !offer.Report {
		err = ErrReportOff
	}
	return offer, err
}

// Tell takes a report of somebody without an account. The same id with the same words again
// returns the same receipt. It runs as the engine, for staff.Public sees nothing.
//
// Errors: ErrReportOff, ErrCategory, ErrText, ErrPlace, ErrExists, ErrFull and those of
// serves.Ask.
func Tell(ctx context.Context, engine pg.DB, w Words, now time.Time) (Receipt, error) {
	offer, err := Opened(ctx, engine)
	if err != nil {
		return Receipt{}, err
	}
	if w.Point != nil && !serves.Possible(*w.Point) {
		return Receipt{}, serves.ErrPlace
	}
	raw, err := json.Marshal(w)
	if err != nil {
		return Receipt{}, err
	}
	digest := sha256.Sum256(raw)
	n := New{ID: w.ID, Category: w.Category, ReportedAt: now, Private: w.Private}
	var inText, inAddress int
	n.Text, inText = redact.Text(strings.TrimSpace(ledger.Clean(w.Text)))
	n.Address, inAddress = redact.Text(ledger.Clean(w.Address))
	if len([]rune(n.Text)) > maxText {
		return Receipt{}, ErrText
	}
	served, err := serves.Ask(ctx, engine, geo.DayOf(now), w.Question)
	if err != nil {
		return Receipt{}, err
	}
	if n.Point = geo.Snap(served.Point); !possible(n.Point) {
		return Receipt{}, ErrPlace
	}
	var code string
	redacted := inText + inAddress
	err = pgx.BeginFunc(ctx, engine, func(tx pgx.Tx) error {
		if code, redacted, err = receiptOf(ctx, tx, w.ID, digest[:], redacted); err != nil || code != "" {
			return err
		}
		top, err := admit(ctx, tx, n, offer.Daily, now)
		if err != nil {
			return err
		}
		created, err := n.enter(ctx, tx, Resident, nil, nil)
		if err == nil && !created {
			err = ErrExists
		}
		if err != nil {
			return err
		}
		if err := n.begin(ctx, tx, tx, staff.Public, now); err != nil {
			return err
		}
		code = newCode()
		_, err = tx.Exec(ctx, `INSERT INTO incident_receipt (incident_id, code, digest, redacted, top_id, made_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			n.ID, code, digest[:], redacted, top, now)
		return err
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("report of a resident: %w", err)
	}
	standing, err := StandingOf(ctx, engine, code)
	return Receipt{Code: grouped(code), Redacted: redacted, Standing: standing}, err
}

// receiptOf is the code of a report that was taken before; ErrExists when it said something
// else. Reports with the same id take turns: one that is sent twice at once finds the other.
func receiptOf(ctx context.Context, tx pgx.Tx, id uuid.UUID, digest []byte, redacted int) (code string, _ int, err error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, "resident "+id.String()); err != nil {
		return "", redacted, err
	}
	var before []byte
	err = tx.QueryRow(ctx, `SELECT code, digest, redacted FROM incident_receipt WHERE incident_id = $1`, id).Scan(&code, &before, &redacted)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", redacted, nil
	case err == nil && subtle.ConstantTimeCompare(before, digest) != 1:
		err = ErrExists
	}
	return code, redacted, err
}

// admit returns the town that a report is for: ErrCategory when residents do not report
// this, ErrFull when the town has had its share of today. Reports of a town take turns.
func admit(ctx context.Context, tx pgx.Tx, n New, daily int, now time.Time) (top int64, err error) {
	var listed bool
	err = tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM incident_category WHERE code = $1 AND public),
		       coalesce((SELECT a.ancestor_id FROM unit_ancestor a WHERE a.unit_id = unit_at($2, $3)
		                 AND NOT EXISTS (SELECT FROM unit_ancestor up WHERE up.unit_id = a.ancestor_id AND up.ancestor_id <> a.ancestor_id)
		                 LIMIT 1), 0)`, n.Category, n.Point, geo.DayOf(now)).Scan(&listed, &top)
	switch {
	case err != nil:
		return 0, err
	case !listed:
		return 0, ErrCategory
	case top == 0:
		return 0, serves.ErrNowhere
	}
	var today int
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('resident', $1))`, top); err != nil {
		return 0, err
	}
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM incident_receipt WHERE top_id = $1 AND made_at >= $2`, top, geo.DayOf(now).Start()).Scan(&today); err != nil {
		return 0, err
	}
	if today >= daily {
		return 0, ErrFull
	}
	return top, nil
}

// letters of a code: no I, L, O and U, which are misread (Crockford's base 32).
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength is in letters: 60 bits, which nobody guesses.
const codeLength = 12

func newCode() string {
	raw := make([]byte, codeLength)
	rand.Read(raw)
	for i := range raw {
		raw[i] = letters[raw[i]%32]
	}
	return string(raw)
}

// grouped is a code as people read it.
func grouped(code string) string {
	return strings.Join([]string{code[:4], code[4:8], code[8:]}, "-")
}

var misread = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")

// ungrouped is a code as it is stored, however it was written.
func ungrouped(code string) string {
	return misread.Replace(strings.ToUpper(strings.TrimSpace(code)))
}

// Told returns the report whose code this is, and whether it is closed; ErrReceipt.
func Told(ctx context.Context, engine pg.DB, code string) (id uuid.UUID, closed bool, err error) {
	err = engine.QueryRow(ctx, `
		SELECT i.id, i.state = 'closed' FROM incident_receipt t JOIN incident i ON i.id = t.incident_id
		WHERE t.code = $1`, ungrouped(code)).Scan(&id, &closed)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrReceipt
	}
	return id, closed, err
}

// StandingOf looks a report up by the code of its receipt, however it is written.
func StandingOf(ctx context.Context, engine pg.DB, code string) (s Standing, err error) {
	var id uuid.UUID
	var category, parent, reason, titleZh, titleEn string
	var state State
	var reported, changed time.Time
	err = engine.QueryRow(ctx, `
		SELECT i.id, public_number(i.id), i.category, coalesce(c.title_zh, i.category), coalesce(c.title_en, i.category), coalesce(c.parent, ''), i.state,
		       i.reported_at, last.at, coalesce(r.code, ''), coalesce(r.title_zh, ''), coalesce(r.title_en, ''), coalesce(b.name, ''),
		       coalesce(k.title_zh, l.post_zh, ''), coalesce(k.title_en, l.post_en, ''), i.due_at,
		       (SELECT count(*) FROM incident_photo n JOIN photo p ON p.id = n.photo_id AND p.account_id = n.account_id WHERE n.incident_id = i.id AND p.arrived_at IS NOT NULL)
		FROM incident_receipt t
		JOIN incident i ON i.id = t.incident_id
		CROSS JOIN LATERAL (SELECT s.at, s.reason FROM incident_step s WHERE s.incident_id = i.id ORDER BY s.ordinal DESC LIMIT 1) last
		LEFT JOIN incident_category c ON c.code = i.category
		LEFT JOIN incident_reason r ON r.code = last.reason AND i.state = 'closed'
		LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL
		LEFT JOIN unit u ON u.id = o.unit_id
		LEFT JOIN level l ON l.code = u.level
		LEFT JOIN boundary b ON b.unit_id = o.unit_id AND b.valid_to IS NULL
		LEFT JOIN post p ON p.id = incident_post(i.id)
		LEFT JOIN post_kind k ON k.code = p.kind
		WHERE t.code = $1`, ungrouped(code)).
		Scan(&id, &s.Number, &category, &s.TitleZh, &s.TitleEn, &parent, &state, &reported, &changed, &reason, &titleZh, &titleEn, &s.Unit, &s.PostZh, &s.PostEn, &s.DueAt, &s.Photos)
	if errors.Is(err, pgx.ErrNoRows) {
		return Standing{}, ErrReceipt
	}
	if err != nil {
		return Standing{}, fmt.Errorf("receipt: %w", err)
	}
	s.Category, s.State, s.Day, s.Changed = category, state.open(), geo.DayOf(reported), geo.DayOf(changed)
	if reason != "" {
		s.Reason = &Reason{Code: reason, Acts: []Act{ToClose}, TitleZh: titleZh, TitleEn: titleEn}
	}
	if s.DueAt != nil {
		limits, err := LimitsOf(ctx, engine)
		if err != nil {
			return Standing{}, err
		}
		limit := limits.of(category, parent, state)
		s.Limit = &limit
	}
	return s, nil
}

// Listed are the classes of which residents may report.
func Listed(ctx context.Context, db pg.DB) ([]Category, error) {
	rows, _ := db.Query(ctx, `
		SELECT code, coalesce(parent, ''), title_zh, title_en, hazard
		FROM incident_category WHERE public ORDER BY coalesce(parent, code), code`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Category])
	if err != nil {
		return nil, fmt.Errorf("public categories: %w", err)
	}
	return list, nil
}

// ListChanged is when the classes, or of which of them residents may report, changed last.
func ListChanged(ctx context.Context, db pg.DB) (at time.Time, err error) {
	if err = db.QueryRow(ctx, `SELECT (value #>> '{}')::timestamptz FROM setting WHERE key = 'categories_changed'`).Scan(&at); err != nil {
		err = fmt.Errorf("change of the categories: %w", err)
	}
	return at, err
}

// SetListed takes these codes as the classes of which residents may report. It holds everywhere,
// so actor decides on settings everywhere. db is the engine's.
func SetListed(ctx context.Context, db pg.DB, actor staff.Actor, codes []string) error {
	if err := actor.Must(staff.Setting); err != nil {
		return err
	}
	if !actor.Area(staff.Setting).All {
		return staff.ErrOutside
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		all, err := Categories(ctx, tx, actor)
		if err != nil {
			return err
		}
		for i, code := range codes {
			if !slices.ContainsFunc(all, func(c Category) bool { return c.Code == code }) {
				return ErrCategory.With(fault.Place{Pointer: fmt.Sprintf("/codes/%d", i), Code: "category", Detail: "There is no such category."})
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE incident_category SET public = code = ANY ($1) WHERE public <> (code = ANY ($1))`, codes); err != nil {
			return fmt.Errorf("public categories: %w", err)
		}
		return audit.Write(ctx, tx, actor, "change", "public", "categories", map[string]any{"categories": len(codes)})
	})
}
