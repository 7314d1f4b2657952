package secrets

import (
	"regexp"
	"strings"
)

var (
	address = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://\S+`)
	port    = regexp.MustCompile(`^[^:]*(?::\d*)?$|^\[[^\]]*\](?::\d*)?$`)
)

// InAddresses returns a text with the user and password of each address in it replaced,
// and without its query and fragment, which may hold a signature. A password may have
// quotes, colons and the like in it, and even what no address allows: then it is just
// the error that quotes it.
func InAddresses(s string) string { return address.ReplaceAllStringFunc(s, inAddress) }

func inAddress(s string) string {
	// What ends the sentence, or the quotation that the address stands in, is none of it.
	trimmed := strings.TrimRight(s, `"'.,:;)]}>`)
	after := s[len(trimmed):]
	scheme, rest, _ := strings.Cut(trimmed, "://")
	if at := strings.LastIndexByte(authority(rest), '@'); at >= 0 {
		rest = Hidden + rest[at:]
	} else if at := strings.LastIndexByte(rest, '@'); at >= 0 && !port.MatchString(authority(rest)) {
		rest = Hidden + rest[at:] // a slash in a password makes something of it the host
	}
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + "://" + rest + after
}

// authority returns the user, password, host and port that the rest of an address, behind
// its scheme, begins with.
func authority(rest string) string {
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		return rest[:end]
	}
	return rest
}
