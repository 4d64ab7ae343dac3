package patrol

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"

	"wangge/geo"
)

// ReadJSON reads a delivery as json.Unmarshal does, to which it leaves whatever is not as
// phones usually write it. The standard package goes over every byte four times, for
// what lies within an item is read by itself; of an evening's backlogs that is most of
// our work.
func (d *Delivery) ReadJSON(text []byte) error {
	if read, usual := readDelivery(text); usual {
		*d = read
		return nil
	}
	return json.Unmarshal(text, d)
}

func readDelivery(text []byte) (d Delivery, usual bool) {
	r := fixReader{text}
	usual = r.object(func(key string) bool {
		switch key {
		case "device":
			return r.string(&d.Device)
		case "sent_at":
			return r.time(&d.SentAt)
		case "items":
			d.Items = []Item{}
			return r.list(func() bool {
				item, usual := r.item()
				d.Items = append(d.Items, item)
				return usual && len(d.Items) <= MaxItems
			})
		}
		return false
	})
	r.take(0)
	return d, usual && len(r.text) == 0
}

func (r *fixReader) item() (item Item, usual bool) {
	usual = r.object(func(key string) bool {
		switch key {
		case "id":
			return r.string(&item.ID)
		case "kind":
			return r.string(&item.Kind)
		case "at":
			return r.time(&item.At)
		case "body":
			if item.Kind == "fixes" {
				item.fixes = &fixesBody{}
				return r.body(item.fixes)
			}
			item.Body = bytes.Clone(r.value())
			return json.Valid(item.Body)
		}
		return false
	})
	return item, usual && (item.Kind == "fixes") == (item.fixes != nil)
}

func (r *fixReader) body(b *fixesBody) bool {
	return r.object(func(key string) bool {
		switch key {
		case "shift":
			return r.string(&b.Shift)
		case "first":
			r.take(0)
			n := 0
			for n < len(r.text) && r.text[n] >= '0' && r.text[n] <= '9' {
				n++
			}
			v, err := strconv.Atoi(string(r.text[:n]))
			usual := err == nil && (n == 1 || r.text[0] != '0')
			b.First, r.text = v, r.text[n:]
			return usual
		case "fixes":
			var err error
			b.Fixes, err = r.fixes()
			return err == nil
		}
		return false
	})
}

// fixReader reads JSON from its start on. What it accepts is JSON.
type fixReader struct{ text []byte }

// take steps over a sign if it is next.
func (r *fixReader) take(sign byte) bool {
	for len(r.text) > 0 && r.text[0] != sign && (r.text[0] == ' ' || r.text[0] == '\n' || r.text[0] == '\t' || r.text[0] == '\r') {
		r.text = r.text[1:]
	}
	if len(r.text) == 0 || r.text[0] != sign {
		return false
	}
	r.text = r.text[1:]
	return true
}

// object reads the members of an object. No key comes twice.
func (r *fixReader) object(member func(key string) bool) bool {
	if !r.take('{') {
		return false
	}
	var had [4]string
	for n := 0; !r.take('}'); n++ {
		var key string
		if n == len(had) || n > 0 && !r.take(',') || !r.string(&key) || !r.take(':') {
			return false
		}
		for _, before := range had[:n] {
			if before == key {
				return false
			}
		}
		if had[n] = key; !member(key) {
			return false
		}
	}
	return true
}

// list reads the elements of an array.
func (r *fixReader) list(element func() bool) bool {
	if !r.take('[') {
		return false
	}
	for n := 0; !r.take(']'); n++ {
		if n > 0 && !r.take(',') || !element() {
			return false
		}
	}
	return true
}

// quoted is a string of plain ASCII, with its quotes; none of any other.
func (r *fixReader) quoted() []byte {
	r.take(0)
	if len(r.text) == 0 || r.text[0] != '"' {
		return nil
	}
	for i := 1; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			q := r.text[:i+1]
			r.text = r.text[i+1:]
			return q
		case c < ' ' || c > '~' || c == '\\':
			return nil
		}
	}
	return nil
}

func (r *fixReader) string(into *string) bool {
	q := r.quoted()
	if q == nil {
		return false
	}
	*into = string(q[1 : len(q)-1])
	return true
}

func (r *fixReader) time(into *time.Time) bool {
	q := r.quoted()
	return q != nil && into.UnmarshalJSON(q) == nil
}

// value is what comes next, up to where it ends if it is JSON.
func (r *fixReader) value() []byte {
	r.take(0)
	depth, inString := 0, false
	for i := 0; i < len(r.text); i++ {
		c := r.text[i]
		switch {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']' || c == ',':
			if depth == 0 {
				v := r.text[:i]
				r.text = r.text[i:]
				return v
			}
			if c != ',' {
				depth--
			}
		}
	}
	return nil
}

var errFix = errors.New("a fix is [milliseconds, lon, lat, accuracy or null]")

// fixes reads a list of fixes, one more than there may be at most.
func (r *fixReader) fixes() (sentFixes, error) {
	list := make(sentFixes, 0, min(len(r.text)/24, MaxFixes+1))
	if !r.take('[') {
		return nil, errFix
	}
	for !r.take(']') {
		if len(list) > 0 && !r.take(',') || len(list) > MaxFixes {
			return nil, errFix
		}
		f, err := r.fix()
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

func (r *fixReader) fix() (f sentFix, err error) {
	// Milliseconds, two angles on the lattice, and the accuracy in millimetres.
	var v [4]int64
	if !r.take('[') {
		return f, errFix
	}
	for i, decimals := range [...]int{0, 7, 7, 3} {
		if i > 0 && !r.take(',') {
			return f, errFix
		}
		if v[i], err = r.number(decimals); err != nil && (i < 3 || !r.null()) {
			return f, errFix
		}
	}
	const farthest = 1e14 // ms: 3,000 years
	if !r.take(']') || v[0] < -farthest || v[0] > farthest || v[1] < -180e7 || v[1] > 180e7 || v[2] < -90e7 || v[2] > 90e7 || v[3] < 0 {
		return f, errFix
	}
	return sentFix{v[0] * 1000, geo.Point{X: int32(v[1]), Y: int32(v[2])}, float32(v[3]) / 1000}, nil
}

func (r *fixReader) null() bool {
	rest, found := bytes.CutPrefix(r.text, []byte("null"))
	r.text = rest
	return found
}

// tens are powers of ten.
var tens = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000}

// number reads a number and returns it times ten to the power of decimals (at most 7),
// rounded.
func (r *fixReader) number(decimals int) (int64, error) {
	r.take(0) // steps over blanks
	text, n := r.text, 0
	digits := func(v int64) (int64, int) {
		from := n
		for n < len(text) && text[n]-'0' < 10 {
			v = v*10 + int64(text[n]-'0') // beyond 17 digits it is not used
			n++
		}
		return v, n - from
	}
	negative := n < len(text) && text[n] == '-'
	if negative {
		n++
	}
	first := n
	v, before := digits(0)
	if before == 0 || before > 1 && text[first] == '0' {
		return 0, errFix
	}
	after := 0
	if n < len(text) && text[n] == '.' {
		n++
		if v, after = digits(v); after == 0 {
			return 0, errFix
		}
	}
	exponent := n < len(text) && (text[n] == 'e' || text[n] == 'E')
	if exponent {
		if n++; n < len(text) && (text[n] == '-' || text[n] == '+') {
			n++
		}
		if _, some := digits(0); some == 0 {
			return 0, errFix
		}
	}
	r.text = text[n:]
	if !exponent && before+after <= 17 && after <= decimals && v <= math.MaxInt64/tens[decimals-after] {
		if v *= tens[decimals-after]; negative {
			v = -v
		}
		return v, nil
	}
	f, err := strconv.ParseFloat(string(text[:n]), 64)
	if f *= float64(tens[decimals]); err != nil || math.Abs(f) > 1e18 {
		return 0, errFix
	}
	return int64(math.Round(f)), nil
}
