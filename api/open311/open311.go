// Package open311 speaks Open311 GeoReport v2 for programs that report to cities: the
// classes, requests and places that everybody may see, in its words, as XML and as JSON. Keys
// and jurisdictions are ignored. See docs/open311.md.
package open311

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
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
	"wangge/geo/serves"
)

// root is where discovery lies, and Prefix where the interface does.
const (
	root   = "/open311"
	Prefix = root + "/v2"
)

// Mount adds the interface. What is read is read as the map's reader, what is reported is
// taken by the engine.
func Mount(app fiber.Router, engine, reader pg.DB) {
	app.Use(root, handler{engine, reader}.answer)
}

// of is what an address answers; all else is not there.
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
	case get && strings.HasPrefix(path, "/tokens/"):
		return nil, errToken
	case c.Method() == fiber.MethodPost && path == "/requests":
		return h.report(c)
	}
	return nil, errNone
}

type handler struct{ engine, reader pg.DB }

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

// Nothing of what was asked for is there.
var (
	errNone  = &route.Problem{Status: http.StatusNotFound, Title: "There is no such service, request or address; addresses end with .json or .xml.", Code: "unknown"}
	errToken = &route.Problem{Status: http.StatusNotFound, Title: "There are no tokens here: the answer to a report holds its service_request_id.", Code: "unknown"}
)

// badRequest says what of a request cannot be understood.
func badRequest(words string) error {
	return &route.Problem{Status: http.StatusBadRequest, Title: words, Code: "request"}
}

// answer writes what was asked for, or leaves the error to the application.
func (h handler) answer(c *fiber.Ctx) error {
	c.Set("Cache-Control", "no-store")
	path, asXML, ok := formOf(c.Path())
	if !ok {
		return errNone
	}
	if path == root+"/discovery" {
		found, err := h.discovery(c)
		if err != nil {
			return err
		}
		return write(c, found, asXML)
	}
	path, ok = strings.CutPrefix(path, Prefix)
	if !ok {
		return errNone
	}
	body, err := h.of(c, path)
	if err != nil {
		return err
	}
	return write(c, body, asXML)
}

// formOf takes the form from the end of an address; not ok where it has none, or two.
func formOf(path string) (_ string, asXML, ok bool) {
	path, asXML = strings.CutSuffix(path, ".xml")
	path, asJSON := strings.CutSuffix(path, ".json")
	return path, asXML, asXML != asJSON
}

// Owns reports whether errors at a path are told in the form of the specification.
func Owns(path string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// Refuse tells an error in the form of the specification. What of a request is wrong is 400;
// all other codes are those of HTTP.
func Refuse(c *fiber.Ctx, err error) error {
	c.Set("Cache-Control", "no-store")
	p := route.Of(err)
	status := p.Status
	if f := fault.Of(err); f != nil && (f.Kind == fault.Invalid || f.Kind == fault.Conflict) {
		status = http.StatusBadRequest
	}
	_, asXML, _ := formOf(c.Path())
	return write(c.Status(status), problems{List: []problem{{status, strings.TrimSpace(p.Title + " " + p.Detail)}}}, asXML)
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

// discovery says what is where, as https://wiki.open311.org/Service_Discovery has it.
type discovery struct {
	XMLName    xml.Name   `json:"-" xml:"discovery"`
	Changeset  string     `json:"changeset" xml:"changeset"` // when the classes changed last
	Contact    string     `json:"contact" xml:"contact"`
	KeyService string     `json:"key_service" xml:"key_service"`
	Endpoints  []endpoint `json:"endpoints" xml:"endpoints>endpoint"`
}

type endpoint struct {
	Specification string   `json:"specification" xml:"specification"`
	URL           string   `json:"url" xml:"url"`
	Changeset     string   `json:"changeset" xml:"changeset"`
	Type          string   `json:"type" xml:"type"`
	Formats       []string `json:"formats" xml:"formats>format"`
}

func (h handler) discovery(c *fiber.Ctx) (any, error) {
	ctx := c.UserContext()
	if _, err := incident.Opened(ctx, h.reader); err != nil {
		return nil, err
	}
	changed, err := incident.ListChanged(ctx, h.reader)
	if err != nil {
		return nil, err
	}
	phones, err := serves.Phones(ctx, h.reader, geo.DayOf(time.Now()))
	if err != nil {
		return nil, err
	}
	at := changed.In(shanghai).Format(time.RFC3339)
	contact := strings.Join(append(phones, c.BaseURL()+"/public"), "；")
	return discovery{
		Changeset: at, Contact: contact,
		KeyService: "无需密钥，api_key 不予理会。No key is needed; api_key is ignored.",
		Endpoints: []endpoint{{"http://wiki.open311.org/GeoReport_v2", c.BaseURL() + Prefix, at, "production",
			[]string{"text/xml", "application/json"}}},
	}, nil
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

func (h handler) list(c *fiber.Ctx, f incident.OpenFilter) (r requests, err error) {
	ctx := c.UserContext()
	if _, err := incident.Opened(ctx, h.reader); err != nil {
		return r, err
	}
	seen, err := incident.OpenList(ctx, h.reader, f)
	r.List = []request{}
	for _, one := range seen {
		r.List = append(r.List, shown(one, c.BaseURL()))
	}
	return r, err
}

// requests are those of the query.
func (h handler) requests(c *fiber.Ctx) (r requests, err error) {
	f, err := filterOf(c.Query, time.Now())
	if err != nil {
		return r, err
	}
	return h.list(c, f)
}

// filterOf reads the parameters of a question: 90 days unless told, and at most. Numbers
// override all else, as the specification says.
func filterOf(query func(string, ...string) string, now time.Time) (f incident.OpenFilter, err error) {
	if ids := query("service_request_id"); ids != "" {
		f.Numbers = strings.Split(ids, ",")
		if len(f.Numbers) > incident.OpenMost {
			return f, badRequest("Ask for at most 1000 requests at once.")
		}
		return f, nil
	}
	if codes := query("service_code"); codes != "" {
		f.Categories = strings.Split(codes, ",")
	}
	if f.States, err = statesOf(query("status")); err != nil {
		return f, err
	}
	if f.Skip, f.Most, err = pageOf(query("page"), query("page_size")); err != nil {
		return f, err
	}
	f.From, f.To, err = spanOf(query("start_date"), query("end_date"), now)
	return f, err
}

// statesOf reads a list of open and closed; nil = both.
func statesOf(text string) (states []incident.OpenState, err error) {
	if text == "" {
		return nil, nil
	}
	for _, word := range strings.Split(text, ",") {
		switch word {
		case "open":
			states = append(states, incident.Received, incident.InHand)
		case "closed":
			states = append(states, incident.Done)
		default:
			return nil, badRequest("status is open, closed, or both with a comma between.")
		}
	}
	return states, nil
}

// pageOf reads which of the pages is meant, the first unless told. Both are an extension that
// most cities have: https://wiki.open311.org/GeoReport_v2/Extensions.
func pageOf(page, size string) (skip, most int, err error) {
	number, most := 1, incident.OpenMost
	for text, to := range map[*string]*int{&page: &number, &size: &most} {
		if *text == "" {
			continue
		}
		if *to, err = strconv.Atoi(*text); err != nil || *to < 1 || *to > incident.OpenMost {
			return 0, 0, badRequest("page and page_size are whole numbers from 1 to 1000.")
		}
	}
	return (number - 1) * most, most, nil
}

// spanOf reads the days that are meant: to now unless told, and 90 unless told.
func spanOf(first, last string, now time.Time) (from, to geo.Day, err error) {
	end, start := now, time.Time{}
	for name, one := range map[string]struct {
		text string
		at   *time.Time
	}{"end_date": {last, &end}, "start_date": {first, &start}} {
		if one.text == "" {
			continue
		}
		if *one.at, err = time.Parse(time.RFC3339, one.text); err != nil {
			return from, to, badRequest(name + " is a time such as 2026-11-22T00:00:00Z.")
		}
	}
	to = geo.DayOf(end.AddDate(0, 0, 1))
	if start.IsZero() {
		return to.AddDays(-incident.OpenDays), to, nil
	}
	from = geo.DayOf(start)
	// Days are whole: 90 times 24 hours touch 91 of them, and the first is left out.
	if to.Since(from) == incident.OpenDays+1 {
		from = from.AddDays(1)
	}
	return from, to, nil
}

func (h handler) request(c *fiber.Ctx, number string) (requests, error) {
	r, err := h.list(c, incident.OpenFilter{Numbers: []string{number}})
	if err == nil && len(r.List) == 0 {
		err = errNone
	}
	return r, err
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
	case c.FormValue("address_id") != "":
		return nil, badRequest("address_id is not known: there is no public register of addresses here. Give lat and long, or an address_string of at most 200 characters.")
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
