package etag_test

import (
	"testing"

	"wangge/geo/etag"
)

func TestAClientNamesWhatItHas(t *testing.T) {
	tests := []struct {
		name, header, tag string
		want              bool
	}{
		{"nothing", ``, `"a"`, false},
		{"the tag", `"a"`, `"a"`, true},
		{"another", `"b"`, `"a"`, false},
		{"in a list", `"b", "a"`, `"a"`, true},
		{"in a list without spaces", `"b","a","c"`, `"a"`, true},
		{"not in a list", `"b", "c"`, `"a"`, false},
		{"made weak by a proxy that compresses", `W/"a"`, `"a"`, true},
		{"weak in a list", `"b", W/"a"`, `"a"`, true},
		{"weak here", `"a"`, `W/"a"`, true},
		{"weak here and there", `W/"a"`, `W/"a"`, true},
		{"weak and another", `W/"b"`, `W/"a"`, false},
		{"anything", `*`, `"a"`, true},
		{"anything, as a tag", `"*"`, `"a"`, false},
		{"a part of another", `"ab"`, `"a"`, false},
		{"quoted in another", `"x"a"y"`, `"a"`, false},
		{"without quotes", `a`, `"a"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := etag.Matches(tt.header, tt.tag); got != tt.want {
				t.Errorf("%s names %s: %v, want %v", tt.header, tt.tag, got, tt.want)
			}
		})
	}
}
