package input

import "slices"

// Place is where the inputs of a run are given. Errors spell them as they are there.
type Place string

// The places.
const (
	ByHand   Place = ""       // flags and variables
	OnGitHub Place = "github" // inputs of the action
	OnGitLab Place = "gitlab" // variables
)

// PlaceOf returns the place that an environment tells of, in the form of os.Environ.
func PlaceOf(environ []string) Place {
	switch {
	case slices.Contains(environ, "GITHUB_ACTIONS=true"):
		return OnGitHub
	case slices.Contains(environ, "GITLAB_CI=true"):
		return OnGitLab
	}
	return ByHand
}

// In returns the input as it is given in a place, behind "give".
func (in *Input) In(p Place) string {
	switch p {
	case OnGitHub:
		return "the input " + in.Name
	case OnGitLab:
		return "the variable " + in.Env()
	case ByHand:
	}
	if in.Secret {
		return in.Env()
	}
	return "--" + in.Name + " or " + in.Env()
}
