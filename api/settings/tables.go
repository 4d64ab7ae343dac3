package settings

import (
	"bytes"
	"context"

	"github.com/danielgtaylor/huma/v2"

	"wangge/api/route"
	"wangge/geo/calendar"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
	"wangge/geo/visit"
)

// mostBytes is the largest table.
const mostBytes = 4 << 20

// table is a list that holds for the whole installation, and that people keep in a
// spreadsheet.
type table struct {
	write func(context.Context, pg.DB) (vectorfile.Layer, error)
	take  func(context.Context, pg.DB, staff.Actor, sheet.File, bool) (sheet.TableReport, error)
}

var tables = map[string]table{
	"cadences": {
		write: func(ctx context.Context, db pg.DB) (vectorfile.Layer, error) {
			list, err := visit.Cadences(ctx, db, route.Actor(ctx))
			return visit.Table(list), err
		},
		take: visit.Import,
	},
	"categories": {incident.CategoryTable, incident.ImportCategories},
	"holidays": {
		write: func(ctx context.Context, db pg.DB) (vectorfile.Layer, error) {
			list, err := calendar.Days(ctx, db)
			return calendar.Table(list), err
		},
		take: incident.ImportHolidays,
	},
}

type tableName struct {
	Table string `path:"table" enum:"cadences,categories,holidays"`
}

type tableForm struct {
	Table   string `path:"table" enum:"cadences,categories,holidays"`
	RawBody huma.MultipartFormFiles[struct {
		File   huma.FormFile `form:"file" required:"true"`
		DryRun bool          `form:"dry_run" required:"false" doc:"report only, change nothing"`
	}]
}

type tableFile struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

// mountTables adds /settings/tables. What a table changes, such as the deadlines of open
// incidents, is the engine's to write.
func mountTables(a route.API, db, engine pg.DB) {
	get := route.Op{ID: "get-settings-table", May: staff.Map, Summary: "A list of settings as a worksheet, to be changed and sent back", Tag: "operation",
		Description: "Visit cadences, categories of incidents with the limit of each step, or the calendar of holidays, as XLSX."}
	route.Get(a, "/settings/tables/{table}", get, func(ctx context.Context, in *tableName) (*tableFile, error) {
		layer, err := tables[in.Table].write(ctx, db)
		if err != nil {
			return nil, err
		}
		var book bytes.Buffer
		if err := vectorfile.WriteXLSX(&book, layer); err != nil {
			return nil, err
		}
		return &tableFile{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", route.Attachment(layer.Name + ".xlsx"), book.Bytes()}, nil
	})
	put := route.Op{ID: "import-settings-table", May: staff.Setting, Summary: "Take a list of settings from a table", Tag: "operation", MaxBody: mostBytes,
		Description: "CSV or XLSX with the columns of the worksheet, in any order, or some of them. All rows are taken or none; what is wrong is named by row and column. " +
			"Cadences and categories that the table does not have stay; a calendar takes the place of its years. Deadlines of open incidents are counted anew."}
	route.Post(a, "/settings/tables/{table}", put, func(ctx context.Context, in *tableForm) (*route.Body[sheet.TableReport], error) {
		data := in.RawBody.Data()
		if in.RawBody.Form != nil {
			defer in.RawBody.Form.RemoveAll()
		}
		return route.OK(tables[in.Table].take(ctx, engine, route.Actor(ctx), sheet.File{Name: data.File.Filename, ReaderAt: data.File, Size: data.File.Size}, data.DryRun))
	})
}
