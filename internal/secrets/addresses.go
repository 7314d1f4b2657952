package secrets

import (
	"regexp"
	"strings"
)

var (
	address = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://\S+`)
	// beginOfAddress matches what an address begins with, and what was to be that.
	beginOfAddress = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]*:)?/{0,2}`)
	port           = regexp.MustCompile(`^[^:]*(?::\d*)?$|^\[[^\]]*\](?::\d*)?$`)
	// endOfPort matches a port with what stands behind an address in a text.
	endOfPort = regexp.MustCompile(`^[^:]*:\d+["',;)\]}>]`)
	// quotedPort matches how net/url says that there is no port where one belongs: a
	// password that lacks its host, say.
	quotedPort = regexp.MustCompile(`invalid port (?:\\?"(?:[^"\\]|\\.)*?\\?") after host`)
)

// InAddresses returns a text with the user and password of each address in it replaced,
// and without its query and fragment, which may hold a signature. A password may have
// quotes, colons and the like in it, and even what no address allows: then it is just
// the error that quotes it.
func InAddresses(s string) string {
	return address.ReplaceAllStringFunc(quotedPort.ReplaceAllString(s, "invalid port after host"), inAddress)
}

func inAddress(s string) string {
	// What ends the sentence, or the quotation that the address stands in, is none of it.
	trimmed := strings.TrimRight(s, `"'.,:;)]}>`)
	return Address(trimmed) + s[len(trimmed):]
}

// Address returns what was given as an address as InAddresses does: with spaces in it,
// too, and where its scheme or a slash is missing.
func Address(s string) string {
	begin := beginOfAddress.FindString(s)
	if !strings.Contains(s, "://") && !strings.HasSuffix(begin, "/") {
		begin = "" // what looks like a scheme is a user
	}
	rest := s[len(begin):]
	switch host, at := authority(rest), strings.LastIndexByte(rest, '@'); {
	// A slash in a password makes something of it the host.
	case at >= 0 && (strings.Contains(host, "@") || !port.MatchString(host)):
		rest = Hidden + rest[at:]
	case !port.MatchString(host) && !endOfPort.MatchString(host):
		name, _, _ := strings.Cut(host, ":")
		rest = name + ":" + Hidden + rest[len(host):]
	}
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	return begin + rest
}

// authority returns the user, password, host and port that the rest of an address, behind
// its scheme, begins with.
func authority(rest string) string {
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		return rest[:end]
	}
	return rest
}
