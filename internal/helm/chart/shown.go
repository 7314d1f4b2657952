package chart

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

// notShown stands for what was given where a path belongs and may be anything: the
// content of a file of credentials, or a value that belongs into set.
const notShown = "(not shown: it does not look like a path)"

// shownPath returns a path or an address that was given, to be quoted. Where there is
// such a file, or it has a file's name, it is shown.
func shownPath(path string) string {
	switch _, err := os.Lstat(path); {
	case strings.Contains(path, "://"):
		return sanitize(secrets.Address(path))
	case err == nil, strings.TrimSpace(path) == "-", secrets.LooksLikePath(path):
		return sanitize(path)
	}
	return notShown
}

// action matches what a template fills in.
var action = regexp.MustCompile(`\{\{.*?\}\}`)

// shownTemplate returns the template of a path or an address, to be quoted.
func shownTemplate(item string) string {
	if !strings.Contains(item, "://") && shownPath(action.ReplaceAllString(item, "x")) == notShown {
		return notShown
	}
	return sanitize(secrets.Address(item))
}

// chartName matches what a chart may be called, or its folder. A bound on its length would
// have each of Unicode's classes as often in memory, before the program begins.
var chartName = regexp.MustCompile(`^[\p{L}\p{N} _./~+-]+$`)

const longestChart = 200 // bytes of a chart that is quoted

// shown returns the chart as it was given, to be quoted.
func (s Source) shown() string {
	if !strings.Contains(s.Chart, "://") && len(s.Chart) <= longestChart && chartName.MatchString(text.OneLine(s.Chart)) {
		return s.Chart
	}
	return shownPath(s.Chart)
}

// unreadable returns why a file cannot be read, without its path, which is quoted
// elsewhere if at all.
func unreadable(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return rewordedError{at.Op + ": " + at.Err.Error(), err}
	}
	return err
}
