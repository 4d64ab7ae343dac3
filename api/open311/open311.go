// Package open311 speaks Open311 GeoReport v2 for programs that report to cities: the
// classes, requests and places that everybody may see, in its words, as XML and as JSON. Keys
// and jurisdictions are ignored. See docs/open311.md.
package open311

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
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
)

// Prefix is where the interface lies.
const Prefix = "/open311/v2"

// Mount adds the interface. What is read is read as the map's reader, what is reported is
// taken by the engine.
func Mount(app fiber.Router, engine, reader pg.DB, log *slog.Logger) {
	h := handler{engine, reader, log}
	app.Use("/open311", h.answer)
}

// of is what an address answers; all else is not there. Each request has its number at once,
// so that there are no tokens.
func (h handler) of(c *fiber.Ctx, path string) (any, error) {
	code, defined := strings.CutPrefix(path, "/services/")
	number, single := strings.CutPrefix(path, "/requests/")
	switch get := c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead; {
	case get && path == "/services":
		return h.services(c.UserContext())
	case get && defined:
		return h.definition(c.UserContext(), code)
	case get && path == "/requests":
		return h.requests(c)
	case get && single:
		return h.request(c, number)
	case c.Method() == fiber.MethodPost && path == "/requests":
		return h.report(c)
	}
	return nil, errNone
}

type handler struct {
	engine, reader pg.DB
	log            *slog.Logger
}

// maybe is a word that is null in JSON, and an empty element in XML, where there is none.
type maybe string

func (m maybe) MarshalJSON() ([]byte, error) {
	if m == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(m))
}

// many is a list: in JSON its items, in XML an element with them.
type many interface{ items() any }

// problems are errors in the form of the specification.
type problems struct {
	XMLName xml.Name  `xml:"errors"`
	List    []problem `xml:"error"`
}

type problem struct {
	Code        int    `json:"code" xml:"code"`
	Description string `json:"description" xml:"description"`
}

func (p problems) items() any { return p.List }

var errNone = &route.Problem{Status: http.StatusNotFound, Title: "There is no such service, request or address; addresses end with .json or .xml.", Code: "unknown"}

// badRequest says what of a request cannot be understood.
func badRequest(words string) error {
	return &route.Problem{Status: http.StatusBadRequest, Title: words, Code: "request"}
}

// answer writes what was asked for, or an error in the form of the specification: 404, 403
// and else 400.
func (h handler) answer(c *fiber.Ctx) error {
	c.Set("Cache-Control", "no-store")
	path, ok := strings.CutPrefix(c.Path(), Prefix)
	path, asXML := strings.CutSuffix(path, ".xml")
	path, asJSON := strings.CutSuffix(path, ".json")
	var body any
	err := error(errNone)
	if ok && asXML != asJSON {
		body, err = h.of(c, path)
	}
	if err == nil {
		return write(c, body, asXML)
	}
	p := route.Of(err)
	status, words := p.Status, strings.TrimSpace(p.Title+" "+p.Detail)
	switch f := fault.Of(err); {
	case status >= 500:
		h.log.Error("request failed", "method", c.Method(), "route", c.Route().Path, "status", status, "err", err)
	case f != nil && (f.Kind == fault.Invalid || f.Kind == fault.Conflict):
		status = http.StatusBadRequest
	}
	return write(c.Status(status), problems{List: []problem{{status, words}}}, asXML)
}

func write(c *fiber.Ctx, body any, asXML bool) error {
	if asXML {
		c.Set(fiber.HeaderContentType, "text/xml; charset=utf-8")
		text, err := xml.Marshal(body)
		if err != nil {
			return err
		}
		return c.Send(append([]byte(xml.Header), text...))
	}
	if list, ok := body.(many); ok {
		body = list.items()
	}
	return c.JSON(body, "application/json; charset=utf-8")
}

type services struct {
	XMLName xml.Name  `xml:"services"`
	List    []service `xml:"service"`
}

func (s services) items() any { return s.List }

// service is a class of requests.
type service struct {
	Code        string `json:"service_code" xml:"service_code"`
	Name        string `json:"service_name" xml:"service_name"`
	Description string `json:"description" xml:"description"`
	Metadata    bool   `json:"metadata" xml:"metadata"` // no class asks more than its place and words
	Type        string `json:"type" xml:"type"`
	Keywords    string `json:"keywords" xml:"keywords"`
	Group       string `json:"group" xml:"group"`
}

func (h handler) services(ctx context.Context) (s services, err error) {
	if _, err := incident.Opened(ctx, h.reader); err != nil {
		return s, err
	}
	classes, err := incident.Listed(ctx, h.reader)
	if err != nil {
		return s, err
	}
	large := map[string]incident.Category{}
	for _, one := range classes {
		large[one.Code] = one
	}
	s.List = []service{}
	for _, one := range classes {
		if one.Parent == "" {
			continue
		}
		group := large[one.Parent]
		s.List = append(s.List, service{Code: one.Code, Name: one.TitleZh, Description: one.TitleEn, Type: "realtime",
			Keywords: strings.Trim(strings.Join([]string{one.TitleEn, group.TitleZh, group.TitleEn}, ","), ","), Group: group.TitleZh})
	}
	return s, nil
}

// definition is what a class asks beside place and words: nothing.
type definition struct {
	XMLName    xml.Name `json:"-" xml:"service_definition"`
	Code       string   `json:"service_code" xml:"service_code"`
	Attributes struct{} `json:"-" xml:"attributes"`
	None       []string `json:"attributes" xml:"-"`
}

func (h handler) definition(ctx context.Context, code string) (any, error) {
	s, err := h.services(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(s.List, func(one service) bool { return one.Code == code }) {
		return nil, errNone
	}
	return definition{Code: code, None: []string{}}, nil
}

// requests are what is shown of them.
type requests struct {
	XMLName xml.Name  `xml:"service_requests"`
	List    []request `xml:"request"`
}

func (r requests) items() any { return r.List }

// request is what everybody may see of one.
type request struct {
	ID          string  `json:"service_request_id" xml:"service_request_id"`
	Status      string  `json:"status" xml:"status"`
	Notes       maybe   `json:"status_notes" xml:"status_notes"`
	Name        string  `json:"service_name" xml:"service_name"`
	Code        string  `json:"service_code" xml:"service_code"`
	Description maybe   `json:"description" xml:"description"` // never shown
	Agency      string  `json:"agency_responsible" xml:"agency_responsible"`
	Notice      maybe   `json:"service_notice" xml:"service_notice"`
	Requested   string  `json:"requested_datetime" xml:"requested_datetime"` // the beginning of its day
	Updated     maybe   `json:"updated_datetime" xml:"updated_datetime"`
	Expected    maybe   `json:"expected_datetime" xml:"expected_datetime"`
	Address     maybe   `json:"address" xml:"address"` // never shown
	AddressID   maybe   `json:"address_id" xml:"address_id"`
	Zipcode     maybe   `json:"zipcode" xml:"zipcode"`
	Lat         float64 `json:"lat" xml:"lat"` // about where
	Long        float64 `json:"long" xml:"long"`
	MediaURL    maybe   `json:"media_url" xml:"media_url"`
}

// shanghai is the time of all days.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// shown is what everybody may see; home is where this server is, for the photo.
func shown(s incident.Seen, home string) request {
	r := request{ID: s.Number, Status: "open", Name: s.TitleZh, Code: s.Category, Agency: s.Unit,
		Requested: s.Day.Start().In(shanghai).Format(time.RFC3339), Lat: s.Point[1], Long: s.Point[0]}
	if len(s.Photos) > 0 {
		r.MediaURL = maybe(home + route.Prefix + "/public/photos/" + s.Photos[0].String())
	}
	if s.State == incident.Done {
		r.Status = "closed"
	}
	if s.Closed != nil {
		r.Updated = maybe(s.Closed.Start().In(shanghai).Format(time.RFC3339))
	}
	return r
}

func (h handler) list(c *fiber.Ctx, f incident.OpenFilter) ([]request, error) {
	ctx := c.UserContext()
	if _, err := incident.Opened(ctx, h.reader); err != nil {
		return nil, err
	}
	seen, err := incident.OpenList(ctx, h.reader, f)
	list := []request{}
	for _, one := range seen {
		list = append(list, shown(one, c.BaseURL()))
	}
	return list, err
}

// mostServices is how many classes are asked for at once.
const mostServices = 20

// requests are those of the query; numbers override all else, as the specification says.
func (h handler) requests(c *fiber.Ctx) (r requests, err error) {
	f, err := filterOf(c.Query, time.Now())
	if err != nil {
		return r, err
	}
	services := []string{""}
	if f.Numbers == nil {
		services = strings.Split(c.Query("service_code"), ",")
	}
	if len(services) > mostServices {
		return r, badRequest("Ask for at most 20 services at once.")
	}
	r.List = []request{}
	for _, f.Category = range services {
		more, err := h.list(c, f)
		if err != nil {
			return r, err
		}
		r.List = append(r.List, more...)
	}
	if f.Numbers == nil && c.Query("status") == "open" {
		r.List = slices.DeleteFunc(r.List, func(one request) bool { return one.Status != "open" })
	}
	// The newest first, whatever their class; one that two of the classes name stands once.
	slices.SortStableFunc(r.List, func(a, b request) int {
		return cmp.Or(strings.Compare(b.Requested, a.Requested), strings.Compare(a.ID, b.ID))
	})
	r.List = slices.CompactFunc(r.List, func(a, b request) bool { return a.ID == b.ID })
	r.List = r.List[:min(len(r.List), incident.OpenMost)]
	return r, nil
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
		// Days are whole: 90 times 24 hours touch 91 of them, and the first is left out.
		if f.To.Since(f.From) == incident.OpenDays+1 {
			f.From = f.From.AddDays(1)
		}
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

func (h handler) request(c *fiber.Ctx, number string) (requests, error) {
	list, err := h.list(c, incident.OpenFilter{Numbers: []string{number}})
	if err == nil && len(list) == 0 {
		err = errNone
	}
	return requests{List: list}, err
}

// created answers a report.
type created struct {
	XMLName xml.Name `xml:"service_requests"`
	List    []taken  `xml:"request"`
}

func (c created) items() any { return c.List }

type taken struct {
	ID      string `json:"service_request_id" xml:"service_request_id"`
	Notice  string `json:"service_notice" xml:"service_notice"`
	Account maybe  `json:"account_id" xml:"account_id"`
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
	return created{List: []taken{{ID: got.Number, Notice: notice(got)}}}, nil
}

// notice tells who has it, the code, and what was taken out.
func notice(got incident.Receipt) string {
	said := fmt.Sprintf("%s %s；查询码 receipt code %s，/public/report/%s", got.Unit, got.PostZh, got.Code, got.Code)
	if got.Redacted > 0 {
		said += "；电话和证件号已隐去 phone and identity numbers were taken out"
	}
	return said
}
