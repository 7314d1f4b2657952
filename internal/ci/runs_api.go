package ci

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// runAPI is the part of a platform's API that tells about the runs of one
// repository. The URL of a run for people is webURL followed by the run's path,
// such as 41/attempts/2; its address in the API is apiURL followed by the same
// path.
type runAPI struct {
	api
	webURL string // empty when the environment does not tell it
	apiURL string // empty when the environment does not tell it
	path   *regexp.Regexp
	own    []string // paths of the run that Berth itself runs in
	states map[string]facts.RunState
	// later returns how the run of a path is later than this one; nil tells of none.
	later func(path string) facts.Lateness
	// ask returns the status of a run; nil asks at the run's own address.
	ask func(ctx context.Context, path string) (string, error)
}

// RunState implements Runs.
func (a *runAPI) RunState(ctx context.Context, runURL string) (facts.RunState, error) {
	path, err := a.pathOf(runURL)
	if err != nil {
		return facts.RunUnknown, fmt.Errorf("%s is not asked about run %.200q: %w", a.platform, runURL, err)
	}
	ask := a.ask
	if ask == nil {
		ask = a.status
	}
	status, err := ask(ctx, path)
	if err != nil {
		return facts.RunUnknown, fmt.Errorf("ask %s about run %s: %w", a.platform, path, err)
	}
	state, ok := a.states[status]
	if !ok {
		return facts.RunUnknown,
			fmt.Errorf("ask %s about run %s: its status %.50q tells neither that it runs nor that it ended", a.platform, path, status)
	}
	return state, nil
}

// Later implements Runs.
func (a *runAPI) Later(runURL string) facts.Lateness {
	path, ours := strings.CutPrefix(runURL, a.webURL)
	if a.later == nil || a.webURL == "" || !ours || !a.path.MatchString(path) {
		return facts.NotLater
	}
	return a.later(path)
}

// above returns whether a number is above another one, and both are numbers.
func above(one, another string) bool {
	x, err := strconv.ParseInt(one, 10, 64)
	y, otherErr := strconv.ParseInt(another, 10, 64)
	return err == nil && otherErr == nil && x > y
}

// pathOf returns the path of a run that may be asked about. It compares the URL
// with webURL and does not parse it, so that only URLs in exactly the form that
// Berth stores are accepted.
func (a *runAPI) pathOf(runURL string) (string, error) {
	path, ours := strings.CutPrefix(runURL, a.webURL)
	switch {
	case a.webURL == "" || a.apiURL == "":
		return "", errors.New("the environment does not say which repository this is, or where the API answers")
	case !ours || !a.path.MatchString(path):
		return "", errors.New("it is not a run of this repository")
	case slices.Contains(a.own, withoutMark(path)):
		// An operation that was killed may have been started by this run, which
		// has not ended with it.
		return "", errors.New("it is this very run, which goes on whatever became of its parts")
	}
	return path, a.mayAsk(a.apiURL)
}

// withoutMark returns a run's path without what was written down behind it.
func withoutMark(path string) string {
	path, _, _ = strings.Cut(path, "#")
	return path
}

// status returns the field "status" that the API answers with.
func (a *runAPI) status(ctx context.Context, path string) (string, error) {
	var answer struct {
		ID     int64  `json:"id"`
		Status string `json:"status"`
	}
	path = withoutMark(path)
	if err := a.get(ctx, a.apiURL+path, &answer); err != nil {
		return "", err
	}
	if id, _, _ := strings.Cut(path, "/"); id != strconv.FormatInt(answer.ID, 10) {
		return "", fmt.Errorf("it answered about run %d", answer.ID)
	}
	return answer.Status, nil
}
