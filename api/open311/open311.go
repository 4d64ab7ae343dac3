// Package open311 speaks Open311 GeoReport v2 for programs that report to cities: the
// classes, requests and places that everybody may see, in its words. It is JSON only; keys
// and jurisdictions are ignored. See docs/open311.md.
package open311

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/serves"
)

// Prefix is where the interface lies.
const Prefix = "/open311/v2"

// Mount adds the interface. What is read is read as the map's reader, what is reported is
// taken by the engine.
func Mount(app fiber.Router, engine, reader pg.DB, log *slog.Logger) {
	h := handler{engine, reader, log}
	app.Use("/open311", h.answer)
}

// of is what an address answers; all else is not there. No class asks more than its place
// and words, so that none has a definition.
func (h handler) of(c *fiber.Ctx) (any, error) {
	path, ok := strings.CutPrefix(c.Path(), Prefix)
	number, single := strings.CutPrefix(path, "/requests/")
	switch get := c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead; {
	case !ok:
	case get && path == "/services.json":
		return h.services(c)
	case get && path == "/requests.json":
		return h.requests(c)
	case get && single && strings.HasSuffix(number, ".json"):
		return h.request(c, strings.TrimSuffix(number, ".json"))
	case c.Method() == fiber.MethodPost && path == "/requests.json":
		return h.report(c)
	}
	return nil, errNone
}

type handler struct {
	engine, reader pg.DB
	log            *slog.Logger
}

// problem is an error in the form of the specification.
type problem struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
}

var errNone = &route.Problem{Status: http.StatusNotFound, Title: "There is no such service, request or address; answers are JSON only.", Code: "unknown"}

// badRequest says what of a request cannot be understood.
func badRequest(words string) error {
	return &route.Problem{Status: http.StatusBadRequest, Title: words, Code: "request"}
}

const mediaType = "application/json; charset=utf-8"

// answer writes what was asked for, or an error in the form of the specification: 404, 403
// and else 400.
func (h handler) answer(c *fiber.Ctx) error {
	c.Set("Cache-Control", "no-store")
	body, err := h.of(c)
	if err == nil {
		return c.JSON(body, mediaType)
	}
	p := route.Of(err)
	status, words := p.Status, strings.TrimSpace(p.Title+" "+p.Detail)
	switch f := fault.Of(err); {
	case status >= 500:
		h.log.Error("request failed", "method", c.Method(), "route", c.Route().Path, "status", status, "err", err)
	case f != nil && (f.Kind == fault.Invalid || f.Kind == fault.Conflict):
		status = http.StatusBadRequest
	}
	return c.Status(status).JSON([]problem{{status, words}}, mediaType)
}

// opened returns nil while reports of residents are taken.
func (h handler) opened(ctx context.Context) error {
	offer, err := serves.Offered(ctx, h.reader)
	if err == nil && !offer.Report {
		err = incident.ErrReportOff
	}
	return err
}

// service is a class of requests.
type service struct {
	Code        string `json:"service_code"`
	Name        string `json:"service_name"`
	Description string `json:"description"`
	Metadata    bool   `json:"metadata"` // no class asks more than its place and words
	Type        string `json:"type"`
	Keywords    string `json:"keywords"`
	Group       string `json:"group"`
}

func (h handler) services(c *fiber.Ctx) (any, error) {
	ctx := c.UserContext()
	if err := h.opened(ctx); err != nil {
		return nil, err
	}
	classes, err := incident.Listed(ctx, h.reader)
	if err != nil {
		return nil, err
	}
	large := map[string]incident.Category{}
	for _, one := range classes {
		large[one.Code] = one
	}
	list := []service{}
	for _, one := range classes {
		if one.Parent == "" {
			continue
		}
		group := large[one.Parent]
		list = append(list, service{Code: one.Code, Name: one.TitleZh, Description: one.TitleEn, Type: "realtime",
			Keywords: strings.Trim(strings.Join([]string{one.TitleEn, group.TitleZh, group.TitleEn}, ","), ","), Group: group.TitleZh})
	}
	return list, nil
}

// request is what everybody may see of one.
type request struct {
	ID          string  `json:"service_request_id"`
	Status      string  `json:"status"`
	Notes       *string `json:"status_notes"`
	Name        string  `json:"service_name"`
	Code        string  `json:"service_code"`
	Description *string `json:"description"` // never shown
	Agency      string  `json:"agency_responsible"`
	Notice      *string `json:"service_notice"`
	Requested   string  `json:"requested_datetime"` // the beginning of its day
	Updated     *string `json:"updated_datetime"`
	Expected    *string `json:"expected_datetime"`
	Address     *string `json:"address"` // never shown
	AddressID   *string `json:"address_id"`
	Zipcode     *string `json:"zipcode"`
	Lat         float64 `json:"lat"` // about where
	Long        float64 `json:"long"`
	MediaURL    *string `json:"media_url"`
}

// shanghai is the time of all days.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

func shown(s incident.Seen) request {
	r := request{ID: s.Number, Status: "open", Name: s.TitleZh, Code: s.Category, Agency: s.Unit,
		Requested: s.Day.Start().In(shanghai).Format(time.RFC3339), Lat: s.Point[1], Long: s.Point[0]}
	if s.State == incident.Done {
		r.Status = "closed"
	}
	if s.Closed != nil {
		at := s.Closed.Start().In(shanghai).Format(time.RFC3339)
		r.Updated = &at
	}
	return r
}

func (h handler) list(ctx context.Context, f incident.OpenFilter) ([]request, error) {
	if err := h.opened(ctx); err != nil {
		return nil, err
	}
	seen, err := incident.OpenList(ctx, h.reader, f)
	list := []request{}
	for _, one := range seen {
		list = append(list, shown(one))
	}
	return list, err
}

// requests are those of the query; numbers override all else, as the specification says.
func (h handler) requests(c *fiber.Ctx) (any, error) {
	f, err := filterOf(c.Query, time.Now())
	if err != nil {
		return nil, err
	}
	var list []request
	services := strings.Split(c.Query("service_code"), ",")
	if f.Numbers != nil {
		services = services[:1]
	}
	if len(services) > 20 {
		return nil, badRequest("Ask for at most 20 services at once.")
	}
	for _, code := range services {
		if f.Category = code; f.Numbers != nil {
			f.Category = ""
		}
		more, err := h.list(c.UserContext(), f)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	if status := c.Query("status"); f.Numbers == nil && status == "open" {
		open := []request{}
		for _, one := range list {
			if one.Status == "open" {
				open = append(open, one)
			}
		}
		list = open
	}
	return list[:min(len(list), incident.OpenMost)], nil
}

// filterOf reads the parameters of a question: 90 days unless told, and at most.
func filterOf(query func(string, ...string) string, now time.Time) (f incident.OpenFilter, err error) {
	if ids := query("service_request_id"); ids != "" {
		f.Numbers = strings.Split(ids, ",")
		if len(f.Numbers) > incident.OpenMost {
			return f, badRequest("Ask for at most 1000 requests at once.")
		}
		return f, nil
	}
	end, start := now, time.Time{}
	for name, at := range map[string]*time.Time{"end_date": &end, "start_date": &start} {
		if text := query(name); text != "" {
			if *at, err = time.Parse(time.RFC3339, text); err != nil {
				return f, badRequest(name + " is a time such as 2026-11-22T00:00:00Z.")
			}
		}
	}
	f.To = geo.DayOf(end.AddDate(0, 0, 1))
	f.From = f.To.AddDays(-incident.OpenDays)
	if !start.IsZero() {
		f.From = geo.DayOf(start)
	}
	switch status := query("status"); status {
	case "", "open":
	case "closed":
		f.State = incident.Done
	case "open,closed", "closed,open":
	default:
		return f, badRequest("status is open or closed.")
	}
	return f, nil
}

func (h handler) request(c *fiber.Ctx, number string) (any, error) {
	list, err := h.list(c.UserContext(), incident.OpenFilter{Numbers: []string{number}})
	if err == nil && len(list) == 0 {
		err = errNone
	}
	return list, err
}

// created answers a report.
type created struct {
	ID      string  `json:"service_request_id"`
	Notice  string  `json:"service_notice"`
	Account *string `json:"account_id"`
}

// report takes one. Names, phones, mails, devices and media of the form are not looked at,
// and kept nowhere.
func (h handler) report(c *fiber.Ctx) (any, error) {
	w := incident.Words{ID: uuid.New(), Category: c.FormValue("service_code"), Text: c.FormValue("description")}
	lat, long, address := c.FormValue("lat"), c.FormValue("long"), c.FormValue("address_string")
	switch {
	case w.Category == "":
		return nil, badRequest("service_code was not given.")
	case lat != "" && long != "":
		y, badY := strconv.ParseFloat(lat, 64)
		x, badX := strconv.ParseFloat(long, 64)
		if err := errors.Join(badY, badX); err != nil {
			return nil, badRequest("lat and long are degrees.")
		}
		w.Point = &orb.Point{x, y}
	case address != "" && len([]rune(address)) <= 200:
		w.Address = address
	default:
		return nil, badRequest("Give lat and long, or an address_string of at most 200 characters.")
	}
	got, err := route.Steady(c.UserContext(), func() (incident.Receipt, error) {
		return incident.Tell(c.UserContext(), h.engine, w, time.Now())
	})
	if err != nil {
		return nil, err
	}
	c.Status(http.StatusCreated)
	return []created{{ID: got.Number, Notice: notice(got)}}, nil
}

// notice tells who has it, the code, and what was taken out.
func notice(got incident.Receipt) string {
	said := fmt.Sprintf("%s %s；查询码 receipt code %s，/api/v1/public/receipts/%s", got.Unit, got.PostZh, got.Code, got.Code)
	if got.Redacted > 0 {
		said += "；电话和证件号已隐去 phone and identity numbers were taken out"
	}
	return said
}
