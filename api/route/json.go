package route

import "encoding/json"

// ReadJSON reads the body of a request: in its own way where that has one, else in the
// standard way.
func ReadJSON(text []byte, into any) error {
	if own, ok := into.(interface{ ReadJSON([]byte) error }); ok {
		return own.ReadJSON(text)
	}
	return json.Unmarshal(text, into)
}
