package record

import (
	"strings"
	"unicode/utf8"

	"github.com/berth-dev/berth/internal/text"
)

const (
	// sizeLimit is the longest payload that is created. The API server takes
	// 1 MiB; what is left lets the record grow by a description and labels.
	sizeLimit = 900 << 10
	// serverLimit is the longest that the API server takes.
	serverLimit = 1 << 20
	// descriptionLimit keeps a long error from growing a record past the
	// server's limit, which would lose the failure together with its text.
	descriptionLimit = 2 << 10
	// inflatedLimit stops a small payload from inflating to all of the memory.
	inflatedLimit = 128 << 20
)

// fit builds a payload with as much of its description as the server has room
// for. A record that somebody else filled to the brim still takes a status.
func fit(build func(description int) (string, error)) (string, error) {
	var size int
	for _, limit := range []int{descriptionLimit, descriptionLimit / 8, 0} {
		payload, err := build(limit)
		if err != nil || len(payload) <= serverLimit {
			return payload, err
		}
		size = len(payload)
	}
	return "", &TooLargeError{Size: size, Limit: serverLimit}
}

// cut shortens text to at most limit bytes and makes it valid UTF-8.
func cut(s string, limit int) string {
	return text.Cut(strings.ToValidUTF8(s, string(utf8.RuneError)), limit)
}
