package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/platformapi"
	"github.com/berth-dev/berth/internal/result"
)

// stopping stops the environment of an app that goes on GitLab. A job that has the environment
// stops it itself; this is for the run that takes apps down on its own account.
// https://docs.gitlab.com/api/environments/
type stopping struct {
	client  *http.Client
	tokens  []http.Header // each contains one; the next is for what the one before may not
	address string        // of the project's environments
	name    *regexp.Regexp
	url     string // of the app
}

// tierOfReviews is the tier that GitLab's template gives to the environment of a review app. One
// of another tier is never stopped, whatever its name and address.
const tierOfReviews = "development"

func newStopping(o Options) (part, error) {
	if !o.Own {
		return part{}, errors.New("an environment is stopped in the run's own repository only")
	}
	job := o.Getenv("CI_JOB_TOKEN")
	token := o.GitLabToken
	if token == "" {
		token = job
	}
	base, err := apiAt(o.Getenv("CI_API_V4_URL"), token, "gitlab-token a token with the scope api")
	if err != nil {
		return part{}, err
	}
	project := o.Getenv("CI_PROJECT_ID")
	if positive(project) == 0 {
		return part{}, errors.New("the environment does not say which project this is")
	}
	s := &stopping{
		client: platformapi.NewClient(base, o.Transport, limits), address: base + "projects/" + project + "/environments",
		name: environmentOf(o.Branch, !strings.EqualFold(o.HeadRepository, o.Repository)), url: strings.TrimSuffix(o.StopURL, "/"),
	}
	if o.GitLabToken != "" {
		s.tokens = append(s.tokens, http.Header{"Private-Token": {o.GitLabToken}, "User-Agent": {"berth"}})
	}
	if job != "" {
		s.tokens = append(s.tokens, http.Header{"Job-Token": {job}, "User-Agent": {"berth"}})
	}
	return part{begin: func(context.Context, Update) error { return nil }, end: s.end}, nil
}

var notOfSlug = regexp.MustCompile(`[^a-z0-9]`)

// inName matches a branch's name that an environment can have.
var inName = regexp.MustCompile(`^[a-zA-Z0-9_/.-]{1,150}$`)

// environmentOf matches the name that the template gives to the environment of a branch: any name without a slash, with
// which another branch's may begin, and the branch's behind it; or, for a fork's and for one that is not to be had, any
// name, its CI_COMMIT_REF_SLUG and the number of its merge request.
// https://docs.gitlab.com/ci/variables/predefined_variables/
func environmentOf(branch string, fork bool) *regexp.Regexp {
	if inName.MatchString(branch) && !fork {
		return regexp.MustCompile(`^[^\n/]+/` + regexp.QuoteMeta(branch) + `$`)
	}
	slug := notOfSlug.ReplaceAllString(strings.ToLower(branch), "-")
	slug = strings.Trim(slug[:min(len(slug), 63)], "-")
	number := " [1-9][0-9]*"
	if !fork {
		number = "(" + number + ")?"
	}
	return regexp.MustCompile(`^[^\n]+/\{` + slug + number + `\}$`)
}

// end is part's.
func (s *stopping) end(ctx context.Context, u Update) error {
	if u.Stage != result.StageGone {
		return nil
	}
	ids, err := s.find(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		// The job that it names for this has nothing left to do.
		err := s.send(ctx, http.MethodPost, s.address+"/"+strconv.FormatInt(id, 10)+"/stop", map[string]bool{"force": true}, nil)
		if err != nil {
			return stopFailed(fmt.Sprintf("stop the environment %d", id), err)
		}
	}
	return nil
}

// find returns the ids of the app's environments: by name, tier and address, so that the
// address alone, which stood on an object of the cluster, stops none.
func (s *stopping) find(ctx context.Context) (ids []int64, err error) {
	for page := 1; page <= maxPages; page++ {
		var found []struct {
			ID    int64  `json:"id"`
			Name  string `json:"name"`
			URL   string `json:"external_url"`
			State string `json:"state"`
			Tier  string `json:"tier"`
		}
		query := url.Values{"states": {"available"}, "per_page": {strconv.Itoa(perPage)}, "page": {strconv.Itoa(page)}}
		if err := s.send(ctx, http.MethodGet, s.address+"?"+query.Encode(), nil, &found); err != nil {
			return nil, stopFailed("list the environments", err)
		}
		for _, e := range found {
			if e.ID > 0 && e.State == "available" && e.Tier == tierOfReviews && s.name.MatchString(e.Name) &&
				strings.TrimSuffix(e.URL, "/") == s.url {
				ids = append(ids, e.ID)
			}
		}
		if len(found) < perPage {
			break
		}
	}
	return ids, nil
}

// send sends a request with the first of the tokens that may send it.
func (s *stopping) send(ctx context.Context, method, address string, body, answer any) (err error) {
	for _, token := range s.tokens {
		_, err = platformapi.Send(ctx, s.client, platformapi.Request{Method: method, Address: address, Header: token, Body: body,
			Answer: answer})
		var refused *platformapi.Refusal
		if !errors.As(err, &refused) || !refused.Denied() {
			break
		}
	}
	return err
}

func stopFailed(what string, err error) error {
	var refused *platformapi.Refusal
	if errors.As(err, &refused) && refused.Denied() {
		return fmt.Errorf("ask GitLab to %s: %w; give gitlab-token a token with the scope api, of a member who may stop environments", what, err)
	}
	return fmt.Errorf("ask GitLab to %s: %w", what, err)
}
