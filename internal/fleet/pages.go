package fleet

import (
	"net/url"
	"strconv"
	"strings"
)

// PullPage returns the address of the page of the app's pull or merge request, or "" where
// it has none, or it is not known on which platform it is.
func (a App) PullPage() string {
	if a.Origin.PullRequest <= 0 {
		return ""
	}
	number := strconv.Itoa(a.Origin.PullRequest)
	switch a.platform() {
	case gitHub:
		return a.home() + "/pull/" + number
	case gitLab:
		return a.home() + "/-/merge_requests/" + number
	}
	return ""
}

// CommitPage returns the address of the page of the commit that was deployed last, or "".
func (a App) CommitPage() string {
	if a.Commit == "" {
		return ""
	}
	switch a.platform() {
	case gitHub:
		return a.home() + "/commit/" + url.PathEscape(a.Commit)
	case gitLab:
		return a.home() + "/-/commit/" + url.PathEscape(a.Commit)
	}
	return ""
}

// RunPage returns the address of the run that deployed the app last, or "".
func (a App) RunPage() string {
	if a.platform() == "" {
		return ""
	}
	return a.RunURL
}

const (
	gitHub = "GitHub"
	gitLab = "GitLab"
)

// home returns the address of the app's repository.
func (a App) home() string { return "https://" + a.Host + "/" + a.Origin.Repository }

// platform returns on which platform the app's repository is, by the address of the run
// that deployed it last, if that is one of this repository: the host alone does not tell.
func (a App) platform() string {
	if a.Host == "" || a.Origin.Repository == "" {
		return ""
	}
	rest, ok := strings.CutPrefix(a.RunURL, a.home()+"/")
	switch {
	case ok && strings.HasPrefix(rest, "actions/runs/"):
		return gitHub
	case ok && strings.HasPrefix(rest, "-/"):
		return gitLab
	}
	return ""
}
