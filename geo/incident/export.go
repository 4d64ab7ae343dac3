package incident

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// MostExported is how many incidents one file of the ledger holds at most.
const MostExported = 200_000

// ErrExport means that a file of the ledger would be too long.
var ErrExport = fault.New(fault.TooLarge, "incident_export_large", "A file holds at most 200,000 incidents. Choose a unit, a category or fewer days.")

// Export prepares the incidents of a filter as a worksheet (台账), the newest first, with
// headers and words in Chinese or in English and times as they are in China. It is for who
// may take files out, and for who dispatches, where they may see places: the incidents are
// those of List. Of a private one neither words nor address leave the house. It is recorded.
//
// The rows are read while the file is written, in memory that does not grow with them.
//
// Errors: ErrExport, staff.ErrForbidden.
func Export(ctx context.Context, db, engine pg.DB, actor staff.Actor, f Filter, chinese bool, now time.Time) (func(context.Context) (vectorfile.Layer, error), error) {
	if err := actor.Must(staff.Place); err != nil {
		return nil, err
	}
	if !actor.May(staff.Dispatch) {
		if err := actor.Must(staff.Export); err != nil {
			return nil, err
		}
	}
	f.exported, f.DueFirst, f.AfterTime = true, false, time.Time{}
	f.Limit = MostExported + 1
	where, args, err := f.where(ctx, db, actor)
	if err != nil {
		return nil, err
	}
	var n int
	if err := db.QueryRow(ctx, `SELECT count(*) FROM (SELECT`+tables+where+` LIMIT $8) n`, args...).Scan(&n); err != nil {
		return nil, fmt.Errorf("count incidents to export: %w", err)
	}
	if n > MostExported {
		return nil, fmt.Errorf("export incidents: %w", ErrExport)
	}
	if err := audit.Write(ctx, db, actor, "export", "incident", "", map[string]any{"unit": f.Unit, "format": "xlsx", "incidents": n}); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (vectorfile.Layer, error) {
		b, err := linesOf(ctx, db, engine, actor, f, chinese, now)
		if err != nil {
			return vectorfile.Layer{}, fmt.Errorf("export incidents: %w", err)
		}
		return b.layer(ctx, db), nil
	}, nil
}

// lines are the ledger as it is about to be written.
type lines struct {
	where      string
	args       []any
	categories map[string]Category
	posts      map[int64]post.Named
	chinese    bool
	now        time.Time
}

func linesOf(ctx context.Context, db, engine pg.DB, actor staff.Actor, f Filter, chinese bool, now time.Time) (*lines, error) {
	b := &lines{categories: map[string]Category{}, posts: map[int64]post.Named{}, chinese: chinese, now: now}
	f.Limit = MostExported
	var err error
	if b.where, b.args, err = f.where(ctx, db, actor); err != nil {
		return nil, err
	}
	list, err := Categories(ctx, db, actor)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		b.categories[c.Code] = c
	}
	rows, _ := db.Query(ctx, `SELECT DISTINCT post_id FROM (SELECT `+given+` AS post_id`+tables+b.where+newestFirst+`) p WHERE post_id IS NOT NULL`, b.args...)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	named, err := post.Names(ctx, engine, ids, now)
	if err != nil {
		return nil, err
	}
	for _, p := range named {
		b.posts[p.Post] = p
	}
	return b, nil
}

// given is the post that an incident i is given to.
const given = `(SELECT d.post_id FROM incident_duty d WHERE d.incident_id = i.id ORDER BY d.ordinal DESC LIMIT 1)`

// entry is one of the lines.
type entry struct {
	Incident
	Post       *int64
	Steps      int
	AcceptedAt *time.Time
	TakenLate  bool // some step came after it was due
}

// late reports whether an incident is overdue, or ever was: a step came late, or it was
// closed late in the system that it was imported from.
func (e entry) late(now time.Time) bool {
	by := now
	if e.ClosedAt != nil {
		by = *e.ClosedAt
	}
	return e.TakenLate || e.DueAt != nil && e.DueAt.Before(by)
}

func (b *lines) layer(ctx context.Context, db pg.DB) vectorfile.Layer {
	l := vectorfile.Layer{Name: b.say("事件台账", "Incidents")}
	for _, c := range ledgerColumns {
		l.Columns = append(l.Columns, vectorfile.Column{Name: b.say(c.zh, c.en), Type: c.kind})
	}
	l.Rows = func(yield func(vectorfile.Row, error) bool) {
		rows, err := db.Query(ctx, `
			SELECT`+columns+`,
				`+given+`, s.steps, s.accepted_at, s.late`+tables+`
			CROSS JOIN LATERAL (SELECT count(*) AS steps, min(at) FILTER (WHERE act = 'accept') AS accepted_at, coalesce(bool_or(at > was_due_at), false) AS late FROM incident_step WHERE incident_id = i.id) s`+
			b.where+newestFirst, b.args...)
		if err != nil {
			yield(vectorfile.Row{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			one, err := pgx.RowToStructByPos[entry](rows)
			row := vectorfile.Row{Values: make([]any, len(ledgerColumns))}
			for i, c := range ledgerColumns {
				row.Values[i] = c.of(b, one)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(vectorfile.Row{}, err)
		}
	}
	return l
}

func (b *lines) say(zh, en string) string {
	if b.chinese {
		return zh
	}
	return en
}

func (b *lines) yes(is bool) string {
	if is {
		return b.say("是", "yes")
	}
	return b.say("否", "no")
}

// ledgerColumns are the columns of the worksheet, in order.
var ledgerColumns = []struct {
	zh, en string
	kind   vectorfile.Type
	of     func(*lines, entry) any
}{
	{"编号", "Number", vectorfile.Text, func(_ *lines, e entry) any { return e.number() }},
	{"来源渠道", "Channel", vectorfile.Text, func(b *lines, e entry) any { return b.channel(e.Source) }},
	{"类别代码", "Category code", vectorfile.Text, func(_ *lines, e entry) any { return e.Category }},
	{"类别", "Category", vectorfile.Text, func(b *lines, e entry) any {
		c := b.categories[e.Category]
		return b.say(c.TitleZh, c.TitleEn)
	}},
	{"状态", "State", vectorfile.Text, func(b *lines, e entry) any { return b.say(stateWords[e.State][0], stateWords[e.State][1]) }},
	{"描述", "Text", vectorfile.Text, func(_ *lines, e entry) any { return e.open(e.Text) }},
	{"地址", "Address", vectorfile.Text, func(_ *lines, e entry) any { return e.open(e.Address) }},
	{"单元代码", "Unit code", vectorfile.Text, func(_ *lines, e entry) any { return e.Unit }},
	{"单元名称", "Unit", vectorfile.Text, func(_ *lines, e entry) any { return e.UnitName }},
	{"责任岗位", "Responsible post", vectorfile.Text, func(b *lines, e entry) any { return b.post(e.Post) }},
	{"承办部门", "Department", vectorfile.Text, func(_ *lines, e entry) any { return e.Department }},
	{"上报时间", "Reported at", vectorfile.DateTime, func(_ *lines, e entry) any { return inChina(&e.ReportedAt) }},
	{"受理时间", "Accepted at", vectorfile.DateTime, func(_ *lines, e entry) any { return inChina(e.AcceptedAt) }},
	{"办理时限", "Due at", vectorfile.DateTime, func(_ *lines, e entry) any { return inChina(e.DueAt) }},
	{"结案时间", "Closed at", vectorfile.DateTime, func(_ *lines, e entry) any { return inChina(e.ClosedAt) }},
	{"是否超期", "Overdue", vectorfile.Text, func(b *lines, e entry) any { return b.yes(e.late(b.now)) }},
	{"办理步骤数", "Steps", vectorfile.Integer, func(_ *lines, e entry) any { return e.Steps }},
	{"照片数", "Photos", vectorfile.Integer, func(_ *lines, e entry) any { return e.PhotosArrived }},
	{"不公开", "Private", vectorfile.Text, func(b *lines, e entry) any { return b.yes(e.Private) }},
}

// number is what people call an incident by: that of its own system, else its id.
func (e entry) number() string {
	if e.Source == Hand || e.Source == Resident || e.SourceID == "" {
		return e.ID.String()
	}
	return e.SourceID
}

// open is what is said of an incident, unless it is private.
func (e entry) open(text string) string {
	if e.Private {
		return ""
	}
	return text
}

func (b *lines) channel(source string) string {
	switch source {
	case Hand:
		return b.say("网格上报", "officer")
	case Resident:
		return b.say("居民上报", "resident")
	}
	return source
}

func (b *lines) post(id *int64) string {
	if id == nil {
		return ""
	}
	p := b.posts[*id]
	return strings.TrimSpace(p.UnitName + " " + b.say(p.TitleZh, p.TitleEn))
}

var stateWords = map[State][2]string{
	Reported: {"已上报", "reported"}, Accepted: {"已受理", "accepted"}, Dispatched: {"已派单", "dispatched"}, Handled: {"已处置", "handled"},
	Verified: {"已核查", "verified"}, Closed: {"已结案", "closed"}, Held: {"挂账", "held"},
}

// inChina is a time as clocks in China show it; nil without one.
func inChina(at *time.Time) any {
	if at == nil {
		return nil
	}
	return at.In(shanghai)
}
