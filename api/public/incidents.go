package public

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"time"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/incident"
	"wangge/geo/serves"
	"wangge/geo/staff"
)

func (h handler) mountIncidents(a route.API) {
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Open: true, Summary: summary, Tag: "public"}
	}
	report := op("report-as-resident", "Report something without an account; the same id again is the same report")
	report.Status = 201
	report.Description = "Who reports is not asked. What looks like a phone or identity number is taken out and not kept. The answer names the post that answers for the place, by when the next step is due, and a code with which the report is looked up."
	seen := op("list-public-incidents", "What everybody may know of incidents: class, state, day and about where")
	seen.Description = "A place is the middle of a cell of about 350 m or of a unit. No text, no exact place, none that is private, and none that would point to a house. At most 90 days and 1,000 incidents."
	route.Get(a, "/public/incident-categories", op("list-public-categories", "Classes of which residents may report"), h.categories)
	route.Put(a, "/public/incident-categories", route.Op{ID: "set-public-categories", May: staff.Setting, Summary: "Say of which classes residents may report", Tag: "public"}, h.setCategories)
	route.Post(a, "/public/incidents", report, h.report)
	route.Get(a, "/public/incidents", seen, h.seen)
	receipt := op("get-receipt", "How a resident's report stands")
	receipt.Description = "The code may be written in any case, with dashes, spaces or nothing between its groups. Nothing is answered while reports of residents are switched off."
	route.Get(a, "/public/receipts/{code}", receipt, h.receipt)
}

func (h handler) categories(ctx context.Context, _ *struct{}) (*route.Body[route.List[incident.Category]], error) {
	list, err := incident.Listed(ctx, h.reader)
	return route.OK(route.List[incident.Category]{Items: list}, err)
}

// PublicCategories are codes of classes.
type PublicCategories struct {
	Codes []string `json:"codes" maxItems:"1000"`
}

func (h handler) setCategories(ctx context.Context, in *route.Body[PublicCategories]) (*route.Body[route.List[incident.Category]], error) {
	if err := incident.SetListed(ctx, h.engine, route.Actor(ctx), in.Body.Codes); err != nil {
		return nil, err
	}
	return h.categories(ctx, nil)
}

// NewPublicIncident is a report of somebody without an account.
type NewPublicIncident struct {
	incident.Words
	Website string `json:"website,omitempty" maxLength:"500" doc:"leave it out: people do not see this field, and programs that fill in everything give themselves away"`
}

func (h handler) report(ctx context.Context, in *route.Body[NewPublicIncident]) (*route.Body[incident.Receipt], error) {
	return route.OK(route.Steady(ctx, func() (incident.Receipt, error) {
		if in.Body.Website != "" {
			return decoy(in.Body.Words), nil
		}
		return incident.Tell(ctx, h.engine, in.Body.Words, time.Now())
	}))
}

// decoy is what a program that filled in the trap is told, so that it tries nothing else.
func decoy(w incident.Words) incident.Receipt {
	var number [8]byte
	rand.Read(number[:])
	today := geo.DayOf(time.Now())
	return incident.Receipt{Code: "0000-0000-0000", Standing: incident.Standing{
		Number: hex.EncodeToString(number[:]), Category: w.Category, State: incident.Received, Day: today, Changed: today}}
}

type seenInput struct {
	From     string             `query:"from" format:"date" doc:"first day; 90 days before to if left out"`
	To       string             `query:"to" format:"date" doc:"first day no longer meant; tomorrow if left out"`
	Category string             `query:"category" maxLength:"100" doc:"a large class stands for its small ones too"`
	State    incident.OpenState `query:"state" enum:"received,in-hand,closed"`
	Near     []float64          `query:"near" minItems:"2" maxItems:"2" doc:"lon,lat: only what is shown in the cell there or one beside it, or in the unit there"`
}

func (h handler) seen(ctx context.Context, in *seenInput) (*route.Body[route.List[incident.Seen]], error) {
	f := incident.OpenFilter{To: geo.DayOf(time.Now().AddDate(0, 0, 1))}
	if in.Category != "" {
		f.Categories = []string{in.Category}
	}
	if in.State != "" {
		f.States = []incident.OpenState{in.State}
	}
	var err error
	if in.To != "" {
		if f.To, err = geo.ParseDay(in.To); err != nil {
			return nil, incident.ErrOpenPeriod.Because(err)
		}
	}
	f.From = f.To.AddDays(-incident.OpenDays)
	if in.From != "" {
		if f.From, err = geo.ParseDay(in.From); err != nil {
			return nil, incident.ErrOpenPeriod.Because(err)
		}
	}
	if len(in.Near) == 2 {
		near := orb.Point{in.Near[0], in.Near[1]}
		if !serves.Possible(near) {
			return nil, serves.ErrPlace
		}
		at := geo.Snap(near)
		f.Near = &at
	}
	if _, err := incident.Opened(ctx, h.reader); err != nil {
		return nil, err
	}
	list, err := incident.OpenList(ctx, h.reader, f)
	return route.OK(route.List[incident.Seen]{Items: list}, err)
}

type receiptInput struct {
	Code string `path:"code" maxLength:"40"`
}

func (h handler) receipt(ctx context.Context, in *receiptInput) (*route.Body[incident.Standing], error) {
	if _, err := incident.Opened(ctx, h.reader); err != nil {
		return nil, err
	}
	code, err := url.PathUnescape(in.Code) // people write spaces
	if err != nil {
		return nil, incident.ErrReceipt.Because(err)
	}
	return route.OK(incident.StandingOf(ctx, h.engine, code))
}
