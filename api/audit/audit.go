// Package audit serves the record of who did what, and its proof.
package audit

import (
	"bufio"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /audit. Engine sees the links, which requests do not.
func Mount(a route.API, db, engine pg.DB, evidence audit.Evidence) {
	h := handler{a, db, engine, evidence}
	route.Get(a, "/audit", route.Op{ID: "list-audit", May: staff.Audit, Summary: "Who did what, newest first", Tag: "audit",
		Description: "Each request is recorded itself, with its filters."}, h.search)
	route.Get(a, "/audit/verification", route.Op{ID: "verify-audit", May: staff.Audit, Summary: "Whether the log is as it was written", Tag: "audit",
		Description: "Walks the whole chain. With millions of rows this takes longer than a request may: use wangge audit verify."}, h.verify)
	route.Post(a, "/audit/exports", route.Op{ID: "export-audit", May: staff.Audit, Summary: "An extract of the log as CSV", Tag: "audit",
		Description: "The recipient and the purpose are recorded."}, h.export)
}

type handler struct {
	api        route.API
	db, engine pg.DB
	evidence   audit.Evidence
}

// Filter chooses rows.
type Filter struct {
	Actor     string `json:"actor,omitempty" query:"actor" maxLength:"100" doc:"such as account:12"`
	Action    string `json:"action,omitempty" query:"action" maxLength:"100"`
	Subject   string `json:"subject,omitempty" query:"subject" maxLength:"100"`
	SubjectID string `json:"subject_id,omitempty" query:"subject_id" maxLength:"200"`
	From      string `json:"from,omitempty" query:"from" doc:"first day in China, YYYY-MM-DD"`
	To        string `json:"to,omitempty" query:"to" doc:"last day in China, YYYY-MM-DD"`
}

// read turns the days of a request into those of the package, whose end is exclusive.
func (f Filter) read() (audit.Filter, error) {
	out := audit.Filter{Actor: f.Actor, Action: f.Action, Subject: f.Subject, SubjectID: f.SubjectID}
	var err error
	if f.From != "" {
		if out.From, err = geo.ParseDay(f.From); err != nil {
			return out, route.ErrDate.Because(err)
		}
	}
	if f.To != "" {
		last, err := geo.ParseDay(f.To)
		if err != nil {
			return out, route.ErrDate.Because(err)
		}
		out.To = last.AddDays(1)
	}
	return out, nil
}

type searchInput struct {
	route.Paging
	Filter
}

func (h handler) search(ctx context.Context, in *searchInput) (*route.Body[route.List[audit.Row]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	f, err := in.read()
	if err != nil {
		return nil, err
	}
	list, err := audit.Search(ctx, h.db, route.Actor(ctx), f, before, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(r audit.Row) string { return strconv.FormatInt(r.ID, 10) }), err)
}

// patience is how long a verification waits for rows that are about to be linked.
const patience = 5 * time.Second

// errTooLong replaces the general answer to a timeout: asking again does not help.
var errTooLong = fault.New(fault.Unavailable, "verification_too_long", "The log is too long to be verified in one request. Run wangge audit verify on the server.")

type verification struct {
	OK bool `json:"ok"`
	audit.Report
}

func (h handler) verify(ctx context.Context, _ *struct{}) (*route.Body[verification], error) {
	report, err := audit.Check(ctx, h.db, h.engine, route.Actor(ctx), h.evidence, patience)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, errTooLong.Because(err)
	}
	return route.OK(verification{report.OK(), report}, err)
}

type exportInput struct {
	Body struct {
		Filter
		Recipient string `json:"recipient" minLength:"2" maxLength:"200" doc:"the office that receives it"`
		Purpose   string `json:"purpose" minLength:"2" maxLength:"200"`
	}
}

// timeout bounds one export; it runs after the handler has returned.
const timeout = 15 * time.Minute

func (h handler) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	f, err := in.Body.read()
	if err != nil {
		return nil, err
	}
	actor := route.Actor(ctx)
	if err := audit.Hand(ctx, h.db, actor, f, audit.Handover{Recipient: in.Body.Recipient, Purpose: in.Body.Purpose}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8")
		hc.SetHeader("Content-Disposition", route.Attachment("audit-"+geo.DayOf(time.Now()).String()+".csv"))
		humafiber.Unwrap(hc).Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
			defer cancel()
			if err := audit.WriteCSV(ctx, h.db, actor, w, f); err != nil {
				h.api.Log.Error("export cut short", "kind", "audit", "err", err)
			}
		})
	}}, nil
}
