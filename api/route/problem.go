package route

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Problem is an error answer, RFC 9457.
type Problem struct {
	Type   string        `json:"type,omitempty" doc:"about:blank when absent"`
	Title  string        `json:"title" doc:"what is wrong, in one sentence with the remedy"`
	Status int           `json:"status"`
	Detail string        `json:"detail,omitempty" doc:"about this occurrence"`
	Code   string        `json:"code" doc:"stable, for programs"`
	Errors []fault.Place `json:"errors,omitempty" doc:"where"`
}

// ErrDate is a date that is none.
var ErrDate = fault.New(fault.Invalid, "date_malformed", "Dates are written YYYY-MM-DD.")

// errText is text with a character that no text has: NUL, or bytes that are no UTF-8.
var errText = fault.New(fault.Invalid, "text_malformed", "The text has characters that cannot be stored.")

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Title }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is what the answer is sent as.
func (p *Problem) ContentType(string) string { return ProblemType }

// ProblemType is the media type of problems.
const ProblemType = "application/problem+json"

var statusOf = map[fault.Kind]int{
	fault.Malformed: http.StatusBadRequest,
	fault.Forbidden: http.StatusForbidden,
	fault.NotFound:  http.StatusNotFound,
	fault.Conflict:  http.StatusConflict,
	fault.TooLarge:  http.StatusRequestEntityTooLarge,
	fault.Invalid:   http.StatusUnprocessableEntity,
	fault.TooMany:   http.StatusTooManyRequests,

	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// Of turns any error into a problem. Nothing internal is shown.
func Of(err error) *Problem {
	var p *Problem
	var fe *fiber.Error
	f := fault.Of(err)
	switch {
	case errors.As(err, &p):
		return p
	case f != nil && statusOf[f.Kind] != 0:
		return &Problem{Title: f.Msg, Status: statusOf[f.Kind], Detail: f.Detail, Code: f.Code, Errors: f.Places}
	case errors.As(err, &fe): // unknown route, body too large
		return &Problem{Title: http.StatusText(fe.Code), Status: fe.Code, Code: "http"}
	case pg.ErrCode(err, "42501"): // the database's own wall, behind ours
		return Of(staff.ErrForbidden)
	case pg.Unstorable(err):
		return Of(errText)
	case errors.Is(err, context.DeadlineExceeded):
		return &Problem{Title: "The server took too long. Try again, or ask for less.", Status: http.StatusServiceUnavailable, Code: "timeout"}
	case errors.Is(err, context.Canceled):
		return &Problem{Title: "The server is stopping. Try again.", Status: http.StatusServiceUnavailable, Code: "stopping"}
	}
	return &Problem{Title: "Something went wrong on the server; the log says what.", Status: http.StatusInternalServerError, Code: "internal"}
}

// UseProblems makes the framework answer its own errors (a parameter that does
// not validate) as our problems, and describe lists as never null. The framework
// keeps both in variables of its package; every API of a process shares them.
func UseProblems() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		p := &Problem{Title: http.StatusText(status), Status: status, Detail: msg, Code: "request_invalid"}
		for _, err := range errs {
			place := fault.Place{Code: "invalid", Detail: err.Error()}
			var d *huma.ErrorDetail
			if errors.As(err, &d) { // the value itself is not echoed: it may be personal
				place = fault.Place{Pointer: d.Location, Code: "invalid", Detail: d.Message}
			}
			p.Errors = append(p.Errors, place)
		}
		return p
	}
	huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return huma.NewError(status, msg, errs...)
	}
}
