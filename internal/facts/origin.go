package facts

import "fmt"

// Origin is the branch that a namespace, a record or a run is for, as it says
// itself: for messages, and untrusted text. What tells branches apart is the
// identity.
type Origin struct {
	Repository     string // owner/name of the base repository
	HeadRepository string // owner/name that the branch lives in; empty means Repository
	Branch         string
	PullRequest    int // number; 0 means none
}

// String returns all that an origin says, such as branch "patch-1" of octo/shop
// (pull request 7 of acme/shop).
func (o Origin) String() string {
	if o.Branch == "" {
		return "a branch that it does not name"
	}
	head := o.HeadRepository
	if head == "" {
		head = o.Repository
	}
	s := fmt.Sprintf("branch %q", o.Branch)
	if head != "" {
		s += " of " + quoted(head)
	}
	switch {
	case o.PullRequest > 0:
		return fmt.Sprintf("%s (pull request %d of %s)", s, o.PullRequest, quoted(o.Repository))
	case head != o.Repository:
		return fmt.Sprintf("%s (for %s)", s, quoted(o.Repository))
	}
	return s
}

// quoted returns a repository's name as it is, and any other text quoted.
func quoted(repository string) string {
	for _, r := range repository {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '/', r == '-', r == '_', r == '.':
		default:
			return fmt.Sprintf("%q", repository)
		}
	}
	return repository
}
