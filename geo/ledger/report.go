package ledger

import (
	"fmt"

	"wangge/geo/crs"
	"wangge/geo/fault"
)

// maxListed is how many refusals and absent rows a report names; it counts all.
const maxListed = 1000

// Report is what an import did, or would do when it was only tried.
type Report struct {
	Rows      int `json:"rows"`
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Outside   int `json:"outside" doc:"placed, but no unit covers the place"`
	Unplaced  int `json:"unplaced" doc:"kept without a place, to be put on the map by hand"`
	Matched   int `json:"matched" doc:"placed by their doorplate, with a stated confidence"`
	Refused   int `json:"refused"`
	KeptPlace int `json:"kept_place" doc:"the place set by hand was kept against the file's"`
	Absent    int `json:"absent" doc:"known from this source, not in a file declared full"`
	Closed    int `json:"closed" doc:"absent ones closed on request"`

	IDFrom  []string        `json:"id_from" doc:"fields the ids were made of, when the file has none"`
	Dropped []DroppedColumn `json:"dropped_columns"`
	Unknown []string        `json:"unknown_columns" doc:"columns that were not read"`
	Notes   []Note          `json:"notes"`

	Refusals  []Refusal `json:"refusals" doc:"the first 1000"`
	AbsentIDs []string  `json:"absent_ids" doc:"source ids, the first 1000"`

	DryRun    bool         `json:"dry_run"`
	Guard     *crs.Verdict `json:"guard" doc:"the verdict on the declared reference system; null when the file has no places"`
	Confirmed string       `json:"confirmed"`
}

// DroppedColumn is a column that was not kept because it is personal.
type DroppedColumn struct {
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// Note counts values that were read in another sense than they were written.
type Note struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Count  int    `json:"count"`
}

// Refusal is a row that was not kept, and why.
type Refusal struct {
	Line     int    `json:"line" doc:"line of the file, or number of the feature, from one"`
	Column   string `json:"column" doc:"the file's own name of the column"`
	Field    string `json:"field"`
	Value    string `json:"value,omitempty" doc:"what stood there, unless it may be personal"`
	Code     string `json:"reason_code"`
	Reason   string `json:"reason"`
	ReasonZh string `json:"reason_zh"`
}

// Reasons why a row is refused.
const (
	NoID          = "no_id"
	RepeatedID    = "repeated_id"
	NotANumber    = "not_a_number"
	HalfAPlace    = "half_a_place"
	NoPlace       = "no_place"
	ZeroPlace     = "zero_place"
	WholeDegrees  = "whole_degrees"
	Swapped       = "swapped"
	OutOfRange    = "out_of_range"
	FarOutside    = "far_outside"
	OutsideArea   = "outside_area"
	NotAPoint     = "not_a_point"
	Unreadable    = "unreadable"
	TooLong       = "too_long"
	PersonalValue = "personal_value"
	BadDate       = "bad_date"
	BadCount      = "bad_count"
	Missing       = "missing"
	UnknownWord   = "unknown_word"
)

// sentences say each reason in English and Chinese.
var sentences = map[string][2]string{
	NoID:          {"The row has no id of its own, so it could not be found again.", "该行没有编号,下次无法对应。"},
	RepeatedID:    {"The id stands in the file more than once%s.", "编号在文件中重复%s。"},
	NotANumber:    {"The coordinate is not a number.", "坐标不是数字。"},
	HalfAPlace:    {"One of the two coordinates is missing.", "经度、纬度缺一。"},
	NoPlace:       {"The row has no position.", "该行没有位置。"},
	ZeroPlace:     {"The position 0, 0 is a placeholder for a missing one.", "坐标为 0,0,是缺失位置的占位值。"},
	WholeDegrees:  {"Both coordinates are whole degrees: a placeholder or a rounded position.", "经纬度都是整度数,是占位值或取整结果。"},
	Swapped:       {"Longitude and latitude look swapped.", "经度与纬度疑似颠倒。"},
	OutOfRange:    {"The position lies outside the range of the declared coordinate system%s.", "坐标超出所声明坐标系的范围%s。"},
	FarOutside:    {"The position lies more than 50 km from the units and streets known here.", "位置距已有网格和道路超过 50 公里。"},
	OutsideArea:   {"The position lies outside the area of your posts.", "位置不在你的岗位范围内。"},
	NotAPoint:     {"The geometry is not a point.", "几何对象不是点。"},
	Unreadable:    {"The row cannot be read%s.", "该行无法读取%s。"},
	TooLong:       {"The value is longer than any real one.", "值过长,不像真实内容。"},
	PersonalValue: {"The value looks like a phone or identity number, which is not kept.", "值疑似电话或身份证号,不予保存。"},
	BadDate:       {"The date cannot be read.", "日期无法识别。"},
	BadCount:      {"The value is not a whole number of a possible size.", "值不是合理的整数。"},
	Missing:       {"A required value is missing.", "缺少必填值。"},
	UnknownWord:   {"The value is none of the known words.", "值不在已知词表中。"},
}

// Reason is why a row or a place is refused, before its line is known.
type Reason struct {
	Field, Value, Code string
	Detail, DetailZh   string // inserted in the sentence
}

func (r Reason) refusal(line int, column string) Refusal {
	say := sentences[r.Code]
	return Refusal{
		Line: line, Column: column, Field: r.Field, Value: r.Value, Code: r.Code,
		Reason: insert(say[0], r.Detail), ReasonZh: insert(say[1], r.DetailZh),
	}
}

// place is the reason for who names faults by their place; the pointer is theirs.
func (r Reason) place() *fault.Place {
	f := r.refusal(0, "")
	detail := f.Reason + " " + f.ReasonZh
	if f.Value != "" {
		detail = f.Value + ": " + detail
	}
	return &fault.Place{Code: f.Code, Detail: detail}
}

func insert(sentence, detail string) string {
	for i := 0; i+1 < len(sentence); i++ {
		if sentence[i:i+2] == "%s" {
			return sentence[:i] + detail + sentence[i+2:]
		}
	}
	return sentence
}

// Faults of an import as a whole.
var (
	ErrSource       = fault.New(fault.Invalid, "import_source", "Name the source of the file: rows are told apart by source and id.")
	ErrSourceTaken  = fault.New(fault.Conflict, "import_source_taken", "This name of a source is taken, by another area or for what is entered here. Choose another name for yours.")
	ErrNoID         = fault.New(fault.Invalid, "import_no_id", "The file has no column with an id of each row. Name it in the mapping (source_id).")
	ErrNoPlaces     = fault.New(fault.Invalid, "import_no_places", "The file has no columns with longitude and latitude. Name them in the mapping (lon, lat).")
	ErrWrongCRS     = fault.New(fault.Invalid, "crs_mismatch", "The positions do not fit the declared coordinate system.")
	ErrUncheckedCRS = fault.New(fault.Invalid, "crs_unchecked", "The declared coordinate system cannot be checked here. Confirm it with a reason.")
	ErrEmpty        = fault.New(fault.Invalid, "import_empty", "The file has no rows.")
)

// refuse adds a refusal to the report.
func (r *Report) refuse(line int, column string, why Reason) {
	r.Refused++
	if len(r.Refusals) < maxListed {
		r.Refusals = append(r.Refusals, why.refusal(line, column))
	}
}

// repeated is the reason when an id stands on two lines.
func repeated(value string, first int) Reason {
	return Reason{
		Field: FieldID, Value: value, Code: RepeatedID,
		Detail:   fmt.Sprintf(", first on line %d", first),
		DetailZh: fmt.Sprintf(",首次出现在第 %d 行", first),
	}
}
