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
	r := fixReader{text: text}
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
	r.blanks()
	return d, usual && r.at == len(r.text)
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
			r.blanks()
			from := r.at
			for r.at < len(r.text) && r.text[r.at]-'0' < 10 {
				r.at++
			}
			digits := string(r.text[from:r.at])
			var err error
			b.First, err = strconv.Atoi(digits)
			return err == nil && (digits == "0" || digits[0] != '0')
		case "fixes":
			var err error
			b.Fixes, err = r.fixes()
			return err == nil
		}
		return false
	})
}

// fixReader reads JSON from at on. What it accepts is JSON. It moves an index rather than
// the slice, which the garbage collector would watch.
type fixReader struct {
	text []byte
	at   int
}

// take steps over a sign if it is next, blanks before it aside.
func (r *fixReader) take(sign byte) bool {
	if r.at >= len(r.text) || r.text[r.at] <= ' ' {
		r.blanks()
	}
	if r.at >= len(r.text) || r.text[r.at] != sign {
		return false
	}
	r.at++
	return true
}

// blanks steps over blanks.
func (r *fixReader) blanks() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\n' || r.text[r.at] == '\t' || r.text[r.at] == '\r') {
		r.at++
	}
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
	if !r.take('"') {
		return nil
	}
	for from := r.at - 1; r.at < len(r.text); {
		c := r.text[r.at]
		switch r.at++; {
		case c == '"':
			return r.text[from:r.at]
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
	r.blanks()
	depth, inString, from := 0, false, r.at
	for i := from; i < len(r.text); i++ {
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
				r.at = i
				return r.text[from:i]
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
	list := make(sentFixes, 0, min((len(r.text)-r.at)/24, MaxFixes+1))
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
	if !bytes.HasPrefix(r.text[r.at:], []byte("null")) {
		return false
	}
	r.at += len("null")
	return true
}

// tens are powers of ten.
var tens = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000}

// number reads a number and returns it times ten to the power of decimals (at most 7),
// rounded.
func (r *fixReader) number(decimals int) (int64, error) {
	r.blanks()
	text, n, v := r.text, r.at, int64(0)
	negative := n < len(text) && text[n] == '-'
	if negative {
		n++
	}
	first := n
	for ; n < len(text) && text[n]-'0' < 10; n++ {
		v = v*10 + int64(text[n]-'0') // beyond 17 digits it is not used
	}
	before := n - first
	if before == 0 || before > 1 && text[first] == '0' {
		return 0, errFix
	}
	after := 0
	if n < len(text) && text[n] == '.' {
		point := n
		for n++; n < len(text) && text[n]-'0' < 10; n++ {
			v = v*10 + int64(text[n]-'0')
		}
		if after = n - point - 1; after == 0 {
			return 0, errFix
		}
	}
	exponent := n < len(text) && (text[n] == 'e' || text[n] == 'E')
	if exponent {
		if n++; n < len(text) && (text[n] == '-' || text[n] == '+') {
			n++
		}
		power := n
		for n < len(text) && text[n]-'0' < 10 {
			n++
		}
		if n == power {
			return 0, errFix
		}
	}
	whole := text[r.at:n]
	r.at = n
	if !exponent && before+after <= 17 && after <= decimals && v <= math.MaxInt64/tens[decimals-after] {
		if v *= tens[decimals-after]; negative {
			v = -v
		}
		return v, nil
	}
	f, err := strconv.ParseFloat(string(whole), 64)
	if f *= float64(tens[decimals]); err != nil || math.Abs(f) > 1e18 {
		return 0, errFix
	}
	return int64(math.Round(f)), nil
}
