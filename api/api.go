// Package api is the application over HTTP: middleware in order, the resources
// under /api/v1 with OpenAPI 3.1 written from their types, tiles, health and the
// page. It holds no SQL and decides nothing about grids.
package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wangge/api/absences"
	"wangge/api/accounts"
	"wangge/api/audit"
	"wangge/api/borderwalks"
	"wangge/api/breakglass"
	"wangge/api/candidates"
	"wangge/api/circles"
	"wangge/api/comparisons"
	"wangge/api/consents"
	"wangge/api/deliberations"
	"wangge/api/deliveries"
	"wangge/api/demandsets"
	"wangge/api/devices"
	"wangge/api/exports"
	"wangge/api/households"
	"wangge/api/imports"
	"wangge/api/incidents"
	"wangge/api/jobs"
	"wangge/api/levels"
	livefeed "wangge/api/live"
	"wangge/api/notices"
	"wangge/api/open311"
	"wangge/api/packs"
	"wangge/api/patrols"
	"wangge/api/photos"
	"wangge/api/places"
	"wangge/api/plans"
	"wangge/api/posts"
	"wangge/api/premises"
	"wangge/api/presets"
	"wangge/api/proposals"
	"wangge/api/public"
	"wangge/api/purposes"
	"wangge/api/requests"
	"wangge/api/retention"
	"wangge/api/route"
	"wangge/api/rulesets"
	"wangge/api/search"
	"wangge/api/servicepoints"
	"wangge/api/sessions"
	"wangge/api/settings"
	"wangge/api/shifts"
	"wangge/api/sitings"
	"wangge/api/staffing"
	"wangge/api/standards"
	"wangge/api/status"
	"wangge/api/tokens"
	"wangge/api/units"
	"wangge/api/visits"
	"wangge/api/walks"
	"wangge/api/webhooks"
	"wangge/api/zones"
	"wangge/geo"
	"wangge/geo/account"
	"wangge/geo/account/provider"
	"wangge/geo/atlas"
	record "wangge/geo/audit"
	"wangge/geo/candidate"
	"wangge/geo/circle"
	"wangge/geo/dossier"
	"wangge/geo/job"
	"wangge/geo/ledger"
	"wangge/geo/live"
	"wangge/geo/network"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/picture"
	"wangge/geo/plan"
	"wangge/geo/privacy"
	"wangge/geo/proposal"
	"wangge/geo/publication"
	"wangge/geo/reach"
	"wangge/geo/staff"
	"wangge/geo/upload"
	"wangge/geo/vault"
	"wangge/geo/webhook"
	"wangge/tiles"
)

// Config is everything the application is made from.
type Config struct {
	DB     pg.Pool       // of requests: what it shows depends on the actor
	Engine *pgxpool.Pool // for what must see more than its caller: checking and publishing a plan, imports
	Reader *pgxpool.Pool // the map's, which has no personal column
	Queue  *job.Queue
	Ring   *vault.Ring // keys of the personal fields
	// Identify says whose session or token a request carries: the public for none,
	// staff.ErrSignedOut for one that has ended.
	Identify  func(ctx context.Context, session, bearer string) (staff.Actor, error)
	Guard     *account.Guard
	Provider  *provider.Provider // of the organisation; nil = none
	Tiles     *tiles.Server
	Live      *live.Hub          // what happens, told to those who watch
	Gate      webhook.Gate       // which addresses gateways may have
	Footpaths *network.Footpaths // the walking network, one for all requests
	Spool     upload.Spool
	Page      http.Handler                // the web page
	Font      func() (*atlas.Font, error) // of map sheets
	Metrics   *prometheus.Registry
	Log       *slog.Logger
	Evidence  record.Evidence // what the log is verified against
	Transport Transport
	Version   string
}

// Limits of a request.
const (
	Timeout       = 20 * time.Second // of what the database may take for one
	ChangeTimeout = 5 * time.Minute  // of repairs and publishing, which look at a whole plan
	UploadTimeout = 15 * time.Minute
	MaxUpload     = 1 << 30 // bytes of one file
	maxBody       = 2 << 20 // bytes of what is no file; most operations take less
)

// New builds the application. It serves once somebody listens.
func New(c Config) (*fiber.App, error) {
	app := fiber.New(fiber.Config{
		AppName:               "wangge",
		Immutable:             true, // values outlive the request
		DisableStartupMessage: true,
		StreamRequestBody:     true, // uploads go to disk, not to memory
		BodyLimit:             maxBody,
		ReadTimeout:           UploadTimeout,
		WriteTimeout:          UploadTimeout,
		IdleTimeout:           2 * time.Minute,
		ReadBufferSize:        16 << 10,
		ErrorHandler:          answerError(c.Log),
		// What a proxy says about a request counts only from the proxies we know.
		EnableTrustedProxyCheck: true,
		TrustedProxies:          c.Transport.proxies(),
	})
	m, err := newMiddleware(c)
	if err != nil {
		return nil, err
	}
	app.Use(m.recover, m.observe, m.reach, m.headers, m.sameOrigin, m.bound, m.limitAddress, m.identify, m.limitAccount)

	app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	app.Get("/readyz", ready(c))
	app.Get("/metrics", m.localOnly, adaptor.HTTPHandler(promhttp.HandlerFor(c.Metrics, promhttp.HandlerOpts{})))
	open311.Mount(app, c.Engine, c.Reader)
	c.Tiles.Mount(app, (&mapScope{db: c.Reader, requests: c.DB}).of)
	Resources(app, c)
	app.Use("/api", func(*fiber.Ctx) error { return fiber.ErrNotFound }) // never the page
	app.Get("/*", adaptor.HTTPHandler(c.Page))
	return app, nil
}

// Resources adds everything under /api/v1 and returns its description.
func Resources(app *fiber.App, c Config) *huma.OpenAPI {
	route.UseProblems()
	config := huma.DefaultConfig("Wangge 网格", c.Version)
	config.Info.Description = "Grids, households, incidents and service points of a town, and who is responsible for which place."
	config.Servers = []*huma.Server{{URL: route.Prefix}}
	config.DocsPath = "" // its page would load scripts from elsewhere
	config.SchemasPath = ""
	config.CreateHooks = nil // no $schema links in answers
	config.RejectUnknownQueryParameters = true
	config.Formats = maps.Clone(config.Formats)
	for name, f := range config.Formats {
		f.Unmarshal = route.ReadJSON
		config.Formats[name] = f
	}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", route.SchemaNames())

	a := route.API{API: humafiber.NewWithGroup(app, app.Group(route.Prefix), config), Log: c.Log, Rules: map[string]route.Op{}}
	tally := ledger.NewTally(c.Reader)
	levels.Mount(a, c.DB)
	presets.Mount(a, c.DB)
	units.Mount(a, c.DB, c.Engine, tally)
	posts.Mount(a, c.DB, c.Ring)
	absences.Mount(a, c.DB)
	staffing.Mount(a, c.DB, c.Engine)
	places.Mount(a, c.DB, tally)
	search.Mount(a, c.DB)
	households.Mount(a, c.DB)
	households.MountContact(a, c.DB, c.Ring)
	incidents.Mount(a, c.DB, c.Engine)
	incidents.MountAnalysis(a, c.DB, c.Reader)
	livefeed.Mount(a, c.DB, c.Live)
	servicepoints.Mount(a, c.DB)
	zones.Mount(a, c.DB)
	imports.Mount(a, c.DB, c.Engine, c.Queue, c.Spool)
	plans.Mount(a, c.DB, c.Engine, c.Queue, c.Footpaths)
	plans.MountDossier(a, c.DB, c.Queue, c.Spool)
	rulesets.Mount(a, c.DB)
	deliberations.Mount(a, c.DB, c.Engine, c.Reader)
	exports.Mount(a, c.DB)
	standards.Mount(a, c.DB)
	circles.Mount(a, c.DB, c.Queue, c.Font)
	comparisons.Mount(a, c.DB, c.Footpaths)
	proposals.Mount(a, c.DB, c.Engine, c.Queue)
	demandsets.Mount(a, c.DB)
	candidates.Mount(a, c.DB)
	sitings.Mount(a, c.DB, c.Queue)
	walks.Mount(a, c.DB, c.Footpaths, reach.New(c.Footpaths, c.Reader))
	jobs.Mount(a, c.DB, c.Queue)
	audit.Mount(a, c.DB, c.Engine, c.Evidence)
	breakglass.Mount(a, c.DB, c.Engine)
	public.Mount(a, c.DB, c.Engine, c.Reader)
	sessions.Mount(a, app, sessions.Config{DB: c.DB, Engine: c.Engine, Guard: c.Guard, Provider: c.Provider, Log: c.Log})
	accounts.Mount(a, accounts.Config{DB: c.DB, Engine: c.Engine, Guard: c.Guard, Provider: c.Provider})
	tokens.Mount(a, c.DB, c.Engine)
	settings.Mount(a, c.DB, c.Engine)
	purposes.Mount(a, c.DB)
	notices.Mount(a, c.DB)
	consents.Mount(a, c.DB)
	requests.Mount(a, c.DB, c.Engine, c.Ring)
	retention.Mount(a, c.DB, c.Queue)
	turns := picture.NewTurns(2)
	borderwalks.Mount(a, c.DB, c.Engine, turns)
	desk := &patrol.Desk{DB: c.DB, Engine: c.Engine, Kinds: deliveries.Kinds(c.Engine), Now: time.Now}
	deliveries.Mount(a, desk)
	shifts.Mount(a, c.DB, desk)
	photos.Mount(a, c.DB, c.Engine, c.Reader, turns)
	packs.Mount(a, c.Tiles)
	devices.Mount(a, c.DB, c.Engine)
	visits.Mount(a, c.DB, c.Engine)
	patrols.Mount(a, c.DB, c.Engine, c.Footpaths)
	premises.Mount(a, c.DB, c.Engine, c.Footpaths, c.Font)
	webhooks.Mount(a, webhook.Desk{DB: c.DB, Engine: c.Engine, Ring: c.Ring, Gate: c.Gate})
	status.Mount(a, c.DB, tally, c.Version, c.Tiles.Versions)
	return a.OpenAPI()
}

// Jobs are the kinds of long work there are, and who does it: as the engine, for
// whom it was enqueued. sweeps delete what is kept long enough.
func Jobs(engine pg.DB, footpaths *network.Footpaths, spool upload.Spool, dossiers dossier.Maker, ring *vault.Ring, sweeps map[string]privacy.Sweep) map[string]job.Handler {
	maker := circle.NewMaker(engine, footpaths)
	return map[string]job.Handler{
		upload.JobKind:       upload.Handler(engine, spool),
		plan.PublishJob:      plan.PublishHandler(engine),
		circle.JobKind:       publishing(engine, maker.Handler()),
		candidate.JobKind:    candidate.NewFinder(engine, maker).Handler(),
		proposal.JobKind:     proposal.Handler(engine),
		dossier.JobKind:      dossiers.Handler(engine, spool),
		privacy.RetentionJob: privacy.RetentionHandler(engine, ring, sweeps),
	}
}

// publishing publishes the counts that are due before a service circle is run: a run
// keeps what of it may be shown to those who see no single places, and households
// that came in a moment ago would stay hidden in it for good.
func publishing(engine pg.DB, run job.Handler) job.Handler {
	return func(ctx context.Context, step job.Step, args json.RawMessage) (any, error) {
		if _, err := publication.IfDue(ctx, engine, staff.System, geo.DayOf(time.Now())); err != nil {
			return nil, err
		}
		return run(ctx, step, args)
	}
}

// ready says whether requests can be answered: the database must, and the map
// must have been read.
func ready(config Config) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, cancel := context.WithTimeout(c.UserContext(), 2*time.Second)
		defer cancel()
		if err := config.Engine.Ping(ctx); err != nil {
			return &route.Problem{Title: "The database does not answer.", Status: fiber.StatusServiceUnavailable, Code: "database_unavailable"}
		}
		if !config.Tiles.Ready() {
			return tiles.ErrLoading
		}
		return c.SendString("ready\n")
	}
}

// answerError answers what no resource answered.
func answerError(log *slog.Logger) fiber.ErrorHandler {
	return func(c *fiber.Ctx, err error) error {
		p := route.Of(err)
		if p.Status >= 500 {
			log.Error("request failed", "method", c.Method(), "route", c.Route().Path, "status", p.Status, "err", err)
		}
		if open311.Owns(c.Path()) {
			return open311.Refuse(c, err)
		}
		return c.Status(p.Status).JSON(p, route.ProblemType)
	}
}
