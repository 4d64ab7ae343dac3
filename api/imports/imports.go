// Package imports takes in files: what they look like, their import as a job,
// and what became of them.
package imports

import (
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"wangge/api/route"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

var (
	errFile   = fault.New(fault.Invalid, "file_missing", "Send one file in the form field \"file\".")
	errFields = fault.New(fault.Invalid, "fields_malformed", "The form field \"fields\" is a JSON object of our field names to the file's column names.")
)

// maxUpload is the largest file, in bytes.
const maxUpload = 1 << 30

// Mount adds /imports.
func Mount(a route.API, db, engine pg.DB, queue *job.Queue, spool upload.Spool) {
	h := handler{db, engine, queue, spool}
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "imports", MaxBody: maxUpload}
	}
	start := op("start-import", "Import a file as a job").For(staff.Import)
	start.Status = 202
	route.Get(a, "/imports", op("list-imports", "Files that came, newest first").For(staff.Import), h.list)
	route.Get(a, "/imports/{id}", op("get-import", "One file and its report").For(staff.Import), h.get)
	route.Get(a, "/imports/{id}/original", op("original-import", "A boundary file as it came").For(staff.Import), h.original)
	route.Post(a, "/imports/inspect", op("inspect-file", "What a file looks like; nothing is kept").For(staff.Import), h.inspect)
	route.Post(a, "/imports", start, h.start)
	route.Get(a, "/coordinate-systems", op("list-coordinate-systems", "Reference systems a file may be declared in").For(staff.Map), h.systems)
}

type handler struct {
	db     pg.DB
	engine pg.DB // what a file is checked against lies also outside its sender's area
	queue  *job.Queue
	spool  upload.Spool
}

type id struct {
	ID int64 `path:"id"`
}

func (h handler) list(ctx context.Context, in *route.Paging) (*route.Body[route.List[upload.Upload]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := upload.List(ctx, h.db, route.Actor(ctx), before, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(u upload.Upload) string { return strconv.FormatInt(u.ID, 10) }), err)
}

func (h handler) get(ctx context.Context, in *id) (*route.Body[upload.Upload], error) {
	return route.OK(upload.Get(ctx, h.db, route.Actor(ctx), in.ID))
}

type original struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

func (h handler) original(ctx context.Context, in *id) (*original, error) {
	name, content, err := upload.Original(ctx, h.db, route.Actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &original{"application/octet-stream", route.Attachment(name), content}, nil
}

// form is what a person sends.
type form struct {
	RawBody huma.MultipartFormFiles[struct {
		File        huma.FormFile `form:"file" required:"true"`
		Kind        string        `form:"kind" required:"true"`
		CRS         string        `form:"crs" required:"true" doc:"as declared; see /coordinate-systems"`
		Layer       string        `form:"layer" required:"false"`
		Preset      string        `form:"preset" required:"false"`
		Level       string        `form:"level" required:"false"`
		Fields      string        `form:"fields" required:"false" doc:"JSON object: our field name → the file's column"`
		Source      string        `form:"source" required:"false" doc:"ledgers: who keeps the file; with a row's id it names a thing for ever. Demand: the name of the set"`
		Confirm     string        `form:"confirm" required:"false" doc:"why the reference system is right, when it cannot be checked"`
		Spread      bool          `form:"spread" required:"false" doc:"demand: put the people of cells into the buildings that the map has there"`
		DryRun      bool          `form:"dry_run" required:"false"`
		Full        bool          `form:"full" required:"false" doc:"the file holds everything this source has"`
		CloseAbsent bool          `form:"close_absent" required:"false" doc:"close what a full file no longer holds"`
	}]
}

func (h handler) start(ctx context.Context, in *form) (*route.Body[job.Job], error) {
	data := in.RawBody.Data()
	defer removeTemporary(in.RawBody.Form)
	if !data.File.IsSet {
		return nil, errFile
	}
	req := upload.Request{
		Kind: upload.Kind(data.Kind), FileName: baseName(data.File.Filename), Layer: data.Layer, CRS: data.CRS,
		Preset: data.Preset, Level: data.Level, Source: data.Source, Confirm: strings.TrimSpace(data.Confirm),
		Spread: data.Spread, DryRun: data.DryRun, Full: data.Full, CloseAbsent: data.CloseAbsent,
	}
	if data.Fields != "" {
		if err := json.Unmarshal([]byte(data.Fields), &req.Fields); err != nil {
			return nil, errFields.Because(err)
		}
	}
	if err := upload.Validate(ctx, h.engine, route.Actor(ctx), req); err != nil {
		return nil, err
	}
	file, err := h.spool.Put(data.File)
	if err != nil {
		return nil, err
	}
	j, err := upload.Start(ctx, h.db, h.queue, route.Actor(ctx), req, file)
	if err != nil {
		h.spool.Remove(file)
		return nil, fmt.Errorf("start import: %w", err)
	}
	return route.OK(j, nil)
}

type inspectForm struct {
	RawBody huma.MultipartFormFiles[struct {
		File  huma.FormFile `form:"file" required:"true"`
		Layer string        `form:"layer" required:"false"`
	}]
}

func (h handler) inspect(ctx context.Context, in *inspectForm) (*route.Body[upload.Look], error) {
	defer removeTemporary(in.RawBody.Form)
	data := in.RawBody.Data()
	if !data.File.IsSet {
		return nil, errFile
	}
	file, err := h.spool.Put(data.File)
	if err != nil {
		return nil, err
	}
	defer h.spool.Remove(file)
	return route.OK(upload.Inspect(ctx, h.engine, route.Actor(ctx), baseName(data.File.Filename), data.Layer, file))
}

func (h handler) systems(context.Context, *struct{}) (*route.Body[route.List[crs.Info]], error) {
	return route.OK(route.List[crs.Info]{Items: crs.All()}, nil)
}

// baseName is a file's name without the folders some browsers send.
func baseName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return name
}

// removeTemporary deletes what the multipart reader put on disk.
func removeTemporary(f *multipart.Form) {
	if f != nil {
		_ = f.RemoveAll()
	}
}
