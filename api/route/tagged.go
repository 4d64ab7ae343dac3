package route

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"wangge/geo/etag"
)

// tag makes a read carry a tag, and says so in its description.
func tag(op *huma.Operation) {
	text := &huma.Schema{Type: huma.TypeString}
	named := map[string]*huma.Header{"ETag": {Schema: text, Description: "of this answer to this account; strong"}}
	op.Middlewares = append(op.Middlewares, known)
	op.Parameters = append(op.Parameters, &huma.Param{Name: "If-None-Match", In: "header", Schema: text,
		Description: "tags of answers that the client has kept: 304 without a body when this would be one of them"})
	op.Responses = map[string]*huma.Response{
		strconv.Itoa(http.StatusOK):          {Headers: named},
		strconv.Itoa(http.StatusNotModified): {Description: http.StatusText(http.StatusNotModified), Headers: named},
	}
}

// known gives an answer its tag, and leaves the body out where the client has it. The tag is
// made of the answer as this account may see it, and of the account: that of another says
// nothing here. The question was answered all the same; what is saved is the way.
//
// The answer stays "no-store": the client keeps what it may where it can be deleted.
func known(c huma.Context, next func(huma.Context)) {
	next(c)
	answer := humafiber.Unwrap(c).Response()
	if answer.StatusCode() != http.StatusOK {
		return
	}
	digest := sha256.New()
	digest.Write(strconv.AppendInt(nil, Actor(c.Context()).Account, 10))
	digest.Write([]byte{0})
	digest.Write(answer.Body())
	tag := `"` + base64.RawURLEncoding.EncodeToString(digest.Sum(nil)[:16]) + `"`
	c.SetHeader("ETag", tag)
	if etag.Matches(c.Header("If-None-Match"), tag) {
		answer.ResetBody()
		answer.Header.Del("Content-Type")
		c.SetStatus(http.StatusNotModified)
	}
}
