package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/berth-dev/berth/internal/platformapi"
)

// gitLab is a merge request's notes on GitLab.
// https://docs.gitlab.com/api/notes/#merge-requests
type gitLab struct {
	client  *http.Client
	header  http.Header // contains the token
	api     string      // URL of the API, with a slash at its end
	project string      // id
	number  int
}

// gitLabNote is what is read of a note.
type gitLabNote struct {
	ID     int64      `json:"id"`
	Body   string     `json:"body"`
	System bool       `json:"system"`
	Author gitLabUser `json:"author"`
}

type gitLabUser struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
}

func (u gitLabUser) author() author { return author{id: u.ID, login: u.Username} }

// notes is the URL of the notes, or of one of them.
func (g *gitLab) notes(id int64) string {
	address := g.api + "projects/" + url.PathEscape(g.project) + "/merge_requests/" + strconv.Itoa(g.number) + "/notes"
	if id != 0 {
		address += "/" + strconv.FormatInt(id, 10)
	}
	return address
}

func (g *gitLab) send(ctx context.Context, method, address string, body, answer any) (http.Header, error) {
	return platformapi.Send(ctx, g.client, platformapi.Request{Method: method, Address: address, Header: g.header, Body: body, Answer: answer})
}

// marked is thread's.
func (g *gitLab) marked(ctx context.Context, key string) (found []comment, err error) {
	page := "1"
	for range maxPages {
		var notes []gitLabNote
		query := url.Values{"per_page": {strconv.Itoa(perPage)}, "page": {page}, "sort": {"asc"}, "order_by": {"created_at"}}
		header, err := g.send(ctx, http.MethodGet, g.notes(0)+"?"+query.Encode(), nil, &notes)
		if err != nil {
			return nil, g.failed("list the notes", err)
		}
		for i := range notes {
			n := &notes[i]
			if m, ok := parseMark(n.Body); ok && m.key == key && !n.System && n.ID > 0 {
				found = append(found, comment{id: n.ID, author: n.Author.author(), mark: m})
			}
		}
		if page = header.Get("X-Next-Page"); page == "" {
			return found, nil
		}
	}
	return nil, fmt.Errorf("list the notes of merge request %d: there are more than %d", g.number, maxPages*perPage)
}

// self is thread's.
func (g *gitLab) self(ctx context.Context) (author, error) {
	var user gitLabUser
	_, err := g.send(ctx, http.MethodGet, g.api+"user", nil, &user)
	if err == nil && user.ID <= 0 {
		err = errors.New("its answer names nobody")
	}
	if err != nil {
		return author{}, g.failed("find out whom the token belongs to, to edit the note", err)
	}
	return user.author(), nil
}

// create is thread's.
func (g *gitLab) create(ctx context.Context, body string) (author, error) {
	var made gitLabNote
	if _, err := g.send(ctx, http.MethodPost, g.notes(0), map[string]string{"body": body}, &made); err != nil {
		return author{}, g.failed("add a note", err)
	}
	return made.Author.author(), nil
}

// edit is thread's.
func (g *gitLab) edit(ctx context.Context, id int64, body string) error {
	if _, err := g.send(ctx, http.MethodPut, g.notes(id), map[string]string{"body": body}, nil); err != nil {
		return g.failed("edit the note", err)
	}
	return nil
}

// remove is thread's.
func (g *gitLab) remove(ctx context.Context, id int64) error {
	if _, err := g.send(ctx, http.MethodDelete, g.notes(id), nil, nil); err != nil {
		return g.failed("delete a note", err)
	}
	return nil
}

func (g *gitLab) failed(what string, err error) error {
	return gitLabFailed(fmt.Sprintf("%s of merge request %d", what, g.number), err)
}

// gitLabFailed returns an error about a request to GitLab.
func gitLabFailed(what string, err error) error {
	var refused *platformapi.Refusal
	if errors.As(err, &refused) && refused.Denied() {
		return fmt.Errorf("ask GitLab to %s: %w; give gitlab-token a token with the scope api, of a member who may comment; "+
			"a job's own token may not", what, err)
	}
	return fmt.Errorf("ask GitLab to %s: %w", what, err)
}

// thread returns its comments.
func (g *gitLab) thread() *thread { return &thread{g.marked, g.self, g.create, g.edit, g.remove} }
