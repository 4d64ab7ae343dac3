package incident

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Fields are what an import looks for, beside id and position.
func Fields() []sheet.Field {
	return []sheet.Field{
		{Name: "category", Required: true, Aliases: []string{"类别", "事件类型", "事件类别", "小类", "小类名称", "案件小类", "问题类型", "诉求类型", "事项", "类型",
			"SRType", "service_name", "request type", "type", "complaint type"}},
		{Name: "state", Aliases: []string{"状态", "事件状态", "案件状态", "处理状态", "办理状态", "SRStatus", "status"}},
		{Name: "address", Aliases: []string{"地址", "事发地址", "发生地址", "事发地点", "地点", "详细地址", "location address"}},
		{Name: "department", Aliases: []string{"部门", "处置部门", "承办单位", "责任部门", "主管部门", "办理单位", "agency", "agency_responsible"}},
		{Name: "reported_at", Required: true, Aliases: []string{"上报时间", "受理时间", "发现时间", "发生时间", "登记时间", "立案时间", "来电时间", "创建时间",
			"CreatedDate", "requested_datetime", "created at", "opened", "open date", "created"}},
		{Name: "due_at", Aliases: []string{"截止时间", "处置时限", "办理时限", "到期时间", "应结案时间", "DueDate", "expected_datetime"}},
		{Name: "closed_at", Aliases: []string{"结案时间", "办结时间", "完成时间", "关闭时间", "CloseDate", "closed date", "closed"}},
	}
}

// states are the words of other systems for a state. What follows in brackets,
// as in "Closed (Duplicate)", is cut off before.
var states = map[string]State{
	"": "", "reported": Reported, "new": Reported, "open": Reported, "上报": Reported, "已上报": Reported, "待受理": Reported, "登记": Reported, "新建": Reported,
	"accepted": Accepted, "acknowledged": Accepted, "受理": Accepted, "已受理": Accepted, "立案": Accepted, "已立案": Accepted,
	"dispatched": Dispatched, "assigned": Dispatched, "in progress": Dispatched, "派遣": Dispatched, "已派遣": Dispatched, "已派单": Dispatched, "处置中": Dispatched, "处理中": Dispatched, "办理中": Dispatched,
	"handled": Handled, "resolved": Handled, "已处置": Handled, "已处理": Handled, "待核查": Handled, "待结案": Handled,
	"closed": Closed, "completed": Closed, "结案": Closed, "已结案": Closed, "办结": Closed, "已办结": Closed, "关闭": Closed, "已关闭": Closed,
	"held": Held, "pending": Held, "on hold": Held, "挂账": Held, "挂起": Held, "延期": Held,
}

// Import brings a file into the incident ledger. Rows that have no place are
// refused. See ledger.Import.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, opts ledger.Options) (ledger.Report, error) {
	list, err := Categories(ctx, db, actor)
	if err != nil {
		return ledger.Report{}, err
	}
	return ledger.Import(ctx, db, actor, book(list), rows, opts)
}

func book(list []Category) ledger.Book {
	codes := map[string]string{}
	for _, c := range list {
		for _, word := range []string{c.Code, c.TitleZh, c.TitleEn} {
			codes[strings.ToLower(word)] = c.Code
		}
	}
	return ledger.Book{
		Subject:     ledger.Incidents,
		Fields:      Fields(),
		Own:         []string{Hand, Resident},
		PlaceNeeded: true,
		Columns:     []string{"category", "state", "address", "department", "reported_at", "due_at", "closed_at"},
		Decode:      func(c *ledger.Cells, t *ledger.Tuple) *ledger.Reason { return decode(c, t, codes) },
		Apply:       apply,
		Close:       closeAbsent,
	}
}

// decode appends a row's columns.
func decode(c *ledger.Cells, t *ledger.Tuple, codes map[string]string) *ledger.Reason {
	var texts [3]string
	for i, read := range []struct {
		field string
		as    func(string) (string, *ledger.Reason)
	}{{"category", c.Kept}, {"address", c.Redacted}, {"department", c.Kept}} {
		var why *ledger.Reason
		if texts[i], why = read.as(read.field); why != nil {
			return why
		}
	}
	if texts[0] == "" {
		return &ledger.Reason{Field: "category", Code: ledger.Missing}
	}
	if code, ok := codes[strings.ToLower(texts[0])]; ok {
		texts[0] = code
	}
	var times [3]*time.Time
	for i, field := range []string{"reported_at", "due_at", "closed_at"} {
		var why *ledger.Reason
		if times[i], why = c.Instant(field); why != nil {
			return why
		}
	}
	if times[0] == nil {
		return &ledger.Reason{Field: "reported_at", Code: ledger.Missing}
	}
	state, closedAt := stand(c, *times[0], times[2])
	t.Text(texts[0])
	t.Text(string(state))
	t.Text(texts[1])
	t.Text(texts[2])
	t.Instant(times[0])
	t.Instant(times[1])
	t.Instant(closedAt)
	return nil
}

// stand brings the state and the time of closing together; other systems have
// one without the other. The word of the state decides.
func stand(c *ledger.Cells, reportedAt time.Time, closedAt *time.Time) (State, *time.Time) {
	state := ledger.WordOf(c, "state", bare(c.Text("state")), states)
	switch {
	case state == "" && closedAt == nil:
		return Reported, nil
	case state == "":
		return Closed, closedAt
	case state == Closed && closedAt == nil:
		c.Note("closed_at", "closed_without_date", "Closed without a date: the day of the report was taken.")
		return Closed, &reportedAt
	case state != Closed && closedAt != nil:
		c.Note("closed_at", "date_of_open", "A date of closing on an open incident was left out.")
		return state, nil
	case closedAt != nil && closedAt.Before(reportedAt):
		c.Note("closed_at", "closed_before_report", "Closed before it was reported; the dates were kept.")
	}
	return state, closedAt
}

// bare is a word without what follows in brackets.
func bare(word string) string {
	if i := strings.IndexAny(word, "(（"); i > 0 {
		word = word[:i]
	}
	return strings.TrimSpace(word)
}

// apply carries changed rows over. What was done here with an incident stands: its state
// with its clock, unless its own system has closed it, and the place of a pin that was moved.
func apply(ctx context.Context, tx pgx.Tx, _ *ledger.Report) error {
	_, err := tx.Exec(ctx, `
		UPDATE incident i SET category = s.category, address = s.address, department = s.department, reported_at = s.reported_at,
			state = CASE WHEN h.stands THEN i.state ELSE s.state END,
			due_at = CASE WHEN h.stands THEN i.due_at ELSE s.due_at END,
			closed_at = CASE WHEN h.stands THEN i.closed_at ELSE s.closed_at END,
			point = CASE WHEN h.moved THEN i.point ELSE s.point END,
			cell = CASE WHEN h.moved THEN i.cell ELSE s.cell END,
			digest = s.digest, updated_at = now()
		FROM ledger_stage s
		JOIN incident b ON b.id = s.id
		CROSS JOIN LATERAL (
			SELECT count(*) FILTER (WHERE act <> 'move') > 0 AND (s.state <> 'closed' OR b.state = 'closed') AS stands, coalesce(bool_or(act = 'move'), false) AS moved
			FROM incident_step t WHERE t.incident_id = b.id) h
		WHERE i.id = s.id`)
	if err != nil {
		return fmt.Errorf("change incidents: %w", err)
	}
	return nil
}

// closeAbsent closes incidents that a full file no longer holds.
func closeAbsent(ctx context.Context, tx pgx.Tx, ids any) error {
	_, err := tx.Exec(ctx, `
		UPDATE incident SET state = 'closed', closed_at = now(), digest = NULL, updated_at = now() WHERE id = ANY($1)`, ids)
	if err != nil {
		return fmt.Errorf("close absent incidents: %w", err)
	}
	return nil
}
