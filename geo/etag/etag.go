// Package etag tells whether a client has already what it asks for: it names by a tag what
// it was sent before (RFC 9110, 8.8.3 and 13.1.2).
//
// The framework's own are not used: the tags of its middleware are 32 bits of a sum, it
// knows no "*", and it takes a weak tag for one alone; its Fresh calls everything fresh when
// there is an If-Modified-Since and no tag.
package etag

import "strings"

// Matches reports whether an If-None-Match header names the tag, by weak comparison:
// what differs in its coding only is the same.
func Matches(header, tag string) bool {
	if header == "" {
		return false
	}
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
